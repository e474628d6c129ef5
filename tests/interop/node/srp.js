// The library's own SRP arithmetic, without a service.

'use strict';

const AuthenticationHelper = require('amazon-cognito-identity-js/lib/AuthenticationHelper').default;
const BigInteger = require('amazon-cognito-identity-js/lib/BigInteger').default;

function promised(work) {
  return new Promise((resolve, reject) => {
    work((error, value) => (error ? reject(error) : resolve(value)));
  });
}

// A helper with the exponent `a` of the caller, or with the one that the library draws.
function helper(poolName, a) {
  if (a === undefined) return new AuthenticationHelper(poolName);
  const given = Object.create(AuthenticationHelper.prototype);
  given.generateRandomSmallA = () => new BigInteger(a, 16);
  AuthenticationHelper.call(given, poolName);
  return given;
}

async function handshake({ poolName, userId, password, salt, b, a }) {
  const client = helper(poolName, a);
  const A = await promised((done) => client.getLargeAValue(done));
  const key = await promised((done) =>
    client.getPasswordAuthenticationKey(
      userId,
      password,
      new BigInteger(b, 16),
      new BigInteger(salt, 16),
      done,
    ),
  );
  return {
    a: client.smallAValue.toString(16),
    A: A.toString(16),
    key: Buffer.from(key).toString('hex'),
  };
}

const actions = {
  // Many at once: a line each way costs more than a small one.
  async handshakes({ list }) {
    const values = [];
    for (const one of list) values.push(await handshake(one));
    return { event: 'returned', values };
  },

  // What a new device remembers: its password, salt and verifier.
  async device({ groupKey, deviceKey }) {
    const client = helper(groupKey);
    await promised((done) => client.generateHashDevice(groupKey, deviceKey, done));
    return {
      event: 'returned',
      values: [
        {
          password: client.getRandomPassword(),
          salt: client.getSaltDevices(),
          verifier: client.getVerifierDevices(),
        },
      ],
    };
  },

  // The two's complement that goes into every hash.
  async pad({ list }) {
    const client = helper('');
    return { event: 'returned', values: list.map((hex) => client.padHex(new BigInteger(hex, 16))) };
  },
};

module.exports = { actions };
