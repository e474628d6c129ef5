// Drives amazon-cognito-identity-js for the Python tests: one JSON request a line on standard input, one JSON
// answer a line on standard output. An answer is {id, event, values}: which callback the library called, and
// with what. Errors of the library are events too ("onFailure"); {id, broken} says that the driver itself failed.

'use strict';

const readline = require('node:readline');
const {
  AuthenticationDetails,
  CognitoAccessToken,
  CognitoIdToken,
  CognitoRefreshToken,
  CognitoUser,
  CognitoUserAttribute,
  CognitoUserPool,
  CognitoUserSession,
} = require('amazon-cognito-identity-js');
const amplify = require('./amplify.js');
const passkeys = require('./passkeys.js');
const srp = require('./srp.js');
const jwt = require('./jwt.js');

const objects = new Map();
let made = 0;

function keep(object) {
  made += 1;
  const handle = `object-${made}`;
  objects.set(handle, object);
  return handle;
}

function held(handle) {
  if (!objects.has(handle)) throw new Error(`there is no object ${handle}`);
  return objects.get(handle);
}

// A storage of its own for each pool: the library's default is one for the whole process.
class MemoryStorage {
  constructor() {
    this.items = {};
  }
  setItem(key, value) {
    this.items[key] = value;
    return value;
  }
  getItem(key) {
    return Object.hasOwn(this.items, key) ? this.items[key] : null;
  }
  removeItem(key) {
    delete this.items[key];
  }
  clear() {
    this.items = {};
  }
}

// What Python writes as {"$kind": …} becomes an object of the library.
const kinds = {
  details: (data) => new AuthenticationDetails(data),
  attribute: (data) => new CognitoUserAttribute(data),
  refreshToken: (text) => new CognitoRefreshToken({ RefreshToken: text }),
  session: ({ id, access, refresh }) =>
    new CognitoUserSession({
      IdToken: new CognitoIdToken({ IdToken: id }),
      AccessToken: new CognitoAccessToken({ AccessToken: access }),
      RefreshToken: new CognitoRefreshToken({ RefreshToken: refresh }),
    }),
};

function fromPython(value) {
  if (Array.isArray(value)) return value.map(fromPython);
  if (value === null || typeof value !== 'object') return value;
  for (const [kind, make] of Object.entries(kinds)) {
    if (Object.hasOwn(value, `$${kind}`)) return make(value[`$${kind}`]);
  }
  return value;
}

function toPython(value) {
  if (value instanceof CognitoUserSession) {
    return {
      id: value.getIdToken().getJwtToken(),
      access: value.getAccessToken().getJwtToken(),
      refresh: value.getRefreshToken().getToken(),
      valid: value.isValid(),
    };
  }
  if (value instanceof CognitoUserAttribute) return { [value.getName()]: value.getValue() };
  if (value instanceof CognitoUser) return { username: value.getUsername() };
  if (value instanceof Error) {
    return { code: value.code ?? null, name: value.name, message: value.message };
  }
  if (Array.isArray(value)) return value.map(toPython);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, toPython(one)]));
  }
  return value === undefined ? null : value;
}

// A map of callbacks, whatever their names: the one that is called ends the wait.
function anyCallback(settle) {
  return new Proxy(
    {},
    {
      has: () => true,
      get: (_, event) => (...values) => settle(String(event), values),
    },
  );
}

// The two styles of callback that the library has: a map of functions, or Node's (error, result …).
function call(object, method, args, style) {
  return new Promise((resolve) => {
    const settle = (event, values) => resolve({ event, values: values.map(toPython) });
    const callback =
      style === 'node'
        ? (error, ...results) => (error ? settle('onFailure', [error]) : settle('onSuccess', results))
        : anyCallback(settle);
    object[method](...args.map((one) => (one === '$callback' ? callback : fromPython(one))));
  });
}

const actions = {
  ...amplify.actions,
  ...passkeys.actions,
  ...srp.actions,
  ...jwt.actions,

  async pool({ data }) {
    return { event: 'made', values: [keep(new CognitoUserPool({ ...data, Storage: new MemoryStorage() }))] };
  },

  async user({ pool, username }) {
    const Pool = held(pool);
    return {
      event: 'made',
      values: [keep(new CognitoUser({ Username: username, Pool, Storage: Pool.storage }))],
    };
  },

  // The user whom the pool's storage remembers.
  async currentUser({ pool }) {
    const user = held(pool).getCurrentUser();
    return { event: 'made', values: [user === null ? null : keep(user)] };
  },

  // What a pool's storage holds; first replaced by what is given.
  async items({ pool, items }) {
    const { storage } = held(pool);
    if (items) storage.items = items;
    return { event: 'returned', values: [storage.items] };
  },

  async call({ object, method, args, style }) {
    return call(held(object), method, args, style);
  },

  // A method without a callback.
  async ask({ object, method, args }) {
    return { event: 'returned', values: [toPython(held(object)[method](...args.map(fromPython)))] };
  },
};

function answer(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, action, ...request } = JSON.parse(line);
  try {
    answer({ id, ...(await actions[action](request)) });
  } catch (error) {
    answer({ id, broken: `${error.stack ?? error}` });
  }
});
