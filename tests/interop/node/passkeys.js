// As much of a browser's WebAuthn as Amplify asks for, with an authenticator of our own behind it: keys of ES256 in
// memory, attestation "none". It shares no code with what the Python tests make passkeys with.

'use strict';

const crypto = require('node:crypto');

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const ATTESTED = 0x40;

class AuthenticatorResponse {
  constructor(members) {
    Object.assign(this, members);
  }
}
class AuthenticatorAttestationResponse extends AuthenticatorResponse {
  getTransports() {
    return ['internal'];
  }
  getPublicKeyAlgorithm() {
    return -7;
  }
  getPublicKey() {
    return this.publicKey;
  }
  getAuthenticatorData() {
    return this.authenticatorData;
  }
}
class AuthenticatorAssertionResponse extends AuthenticatorResponse {}
class PublicKeyCredential {
  constructor(id, response) {
    this.id = id.toString('base64url');
    this.rawId = buffer(id);
    this.type = 'public-key';
    this.authenticatorAttachment = 'platform';
    this.response = response;
  }
  getClientExtensionResults() {
    return {};
  }
}

// Browsers give ArrayBuffers, each over its own bytes and no others.
function buffer(bytes) {
  return Uint8Array.from(bytes).buffer;
}

function bytes(source) {
  return Buffer.from(source instanceof ArrayBuffer ? source : source.buffer);
}

function sha256(data) {
  return crypto.createHash('sha256').update(data).digest();
}

// The heads of CBOR's byte strings that occur here: RFC 8949, section 3.
function cborBytes(data) {
  if (data.length > 255) throw new Error('longer than anything that is written here');
  return Buffer.concat([Buffer.from(data.length < 24 ? [0x40 | data.length] : [0x58, data.length]), data]);
}

function coseKey(publicKey) {
  const { x, y } = publicKey.export({ format: 'jwk' });
  return Buffer.concat([
    Buffer.from('a5010203262001', 'hex'),
    Buffer.from('21', 'hex'),
    cborBytes(Buffer.from(x, 'base64url')),
    Buffer.from('22', 'hex'),
    cborBytes(Buffer.from(y, 'base64url')),
  ]);
}

function attestationObject(data) {
  const start = Buffer.from('a363666d74646e6f6e656761747453746d74a0686175746844617461', 'hex');
  return Buffer.concat([start, cborBytes(data)]);
}

class Credentials {
  constructor(origin) {
    this.origin = origin;
    this.keys = new Map();
  }

  clientData(type, challenge) {
    const told = { type, challenge: bytes(challenge).toString('base64url'), origin: this.origin, crossOrigin: false };
    return Buffer.from(JSON.stringify(told));
  }

  authenticatorData(rpId, flags, counter, attested = Buffer.alloc(0)) {
    const head = Buffer.alloc(5);
    head.writeUInt8(flags, 0);
    head.writeUInt32BE(counter, 1);
    return Buffer.concat([sha256(rpId), head, attested]);
  }

  async create({ publicKey: options }) {
    const excluded = options.excludeCredentials.map((one) => bytes(one.id).toString('base64url'));
    if (excluded.some((id) => this.keys.has(id))) {
      throw new DOMException('The authenticator holds one of them.', 'InvalidStateError');
    }
    const { publicKey, privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const id = crypto.randomBytes(32);
    const length = Buffer.from([id.length >> 8, id.length & 0xff]);
    const attested = Buffer.concat([Buffer.alloc(16), length, id, coseKey(publicKey)]);
    const data = this.authenticatorData(options.rp.id, USER_PRESENT | USER_VERIFIED | ATTESTED, 0, attested);
    this.keys.set(id.toString('base64url'), { privateKey, user: bytes(options.user.id), counter: 0 });
    return new PublicKeyCredential(
      id,
      new AuthenticatorAttestationResponse({
        clientDataJSON: buffer(this.clientData('webauthn.create', options.challenge)),
        attestationObject: buffer(attestationObject(data)),
        authenticatorData: buffer(data),
        publicKey: buffer(publicKey.export({ format: 'der', type: 'spki' })),
      }),
    );
  }

  async get({ publicKey: options }) {
    const allowed = options.allowCredentials.map((one) => bytes(one.id));
    const id = allowed.find((one) => this.keys.has(one.toString('base64url')));
    if (!id) throw new DOMException('There is no such passkey.', 'NotAllowedError');
    const key = this.keys.get(id.toString('base64url'));
    key.counter += 1;
    const data = this.authenticatorData(options.rpId, USER_PRESENT | USER_VERIFIED, key.counter);
    const clientData = this.clientData('webauthn.get', options.challenge);
    const signature = crypto.sign('sha256', Buffer.concat([data, sha256(clientData)]), key.privateKey);
    return new PublicKeyCredential(
      id,
      new AuthenticatorAssertionResponse({
        clientDataJSON: buffer(clientData),
        authenticatorData: buffer(data),
        signature: buffer(signature),
        userHandle: buffer(key.user),
      }),
    );
  }
}

const BROWSER = {
  PublicKeyCredential,
  AuthenticatorAttestationResponse,
  AuthenticatorAssertionResponse,
};

const actions = {
  // Play a browser that shows a page of `origin`, with an authenticator that holds nothing yet.
  async browser({ origin }) {
    globalThis.navigator ??= {};
    Object.defineProperty(navigator, 'credentials', { configurable: true, value: new Credentials(origin) });
    Object.assign(globalThis, BROWSER);
    globalThis.window = { ...BROWSER, document: {}, isSecureContext: true };
    return { event: 'made', values: [null] };
  },

  async noBrowser() {
    delete navigator.credentials;
    for (const name of [...Object.keys(BROWSER), 'window']) delete globalThis[name];
    return { event: 'made', values: [null] };
  },
};

module.exports = { actions };
