// Amplify v6 Auth. It is one object for the whole process, and so is its storage here.

'use strict';

class MemoryStorage {
  constructor() {
    this.items = new Map();
  }
  async setItem(key, value) {
    this.items.set(key, value);
  }
  async getItem(key) {
    return this.items.get(key) ?? null;
  }
  async removeItem(key) {
    this.items.delete(key);
  }
  async clear() {
    this.items.clear();
  }
}

function plain(value) {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}

const actions = {
  async amplify({ userPoolId, clientId, endpoint }) {
    // What it calls a device; browsers have it, and Node since 21. Without it no device is confirmed.
    globalThis.navigator ??= { userAgent: `Node.js/${process.version}` };
    // It is large: loaded by the tests that want it.
    const { Amplify } = require('aws-amplify');
    const { cognitoUserPoolsTokenProvider } = require('aws-amplify/auth/cognito');
    Amplify.configure({
      Auth: { Cognito: { userPoolId, userPoolClientId: clientId, userPoolEndpoint: endpoint } },
    });
    cognitoUserPoolsTokenProvider.setKeyValueStorage(new MemoryStorage());
    return { event: 'made', values: [null] };
  },

  // Any function of aws-amplify/auth, by name.
  async amplifyCall({ method, input }) {
    const auth = require('aws-amplify/auth');
    try {
      return { event: 'onSuccess', values: [plain(await auth[method](input))] };
    } catch (error) {
      return { event: 'onFailure', values: [{ name: error.name, message: error.message }] };
    }
  },
};

module.exports = { actions };
