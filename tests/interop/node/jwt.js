// AWS's own verifier of Cognito's tokens, with keys that are handed to it.

'use strict';

const { CognitoJwtVerifier } = require('aws-jwt-verify');

const actions = {
  async verify({ token, jwks, userPoolId, clientId, tokenUse }) {
    const verifier = CognitoJwtVerifier.create({ userPoolId, clientId, tokenUse });
    verifier.cacheJwks(jwks);
    try {
      return { event: 'onSuccess', values: [await verifier.verify(token)] };
    } catch (error) {
      return { event: 'onFailure', values: [{ name: error.constructor.name, message: error.message }] };
    }
  },
};

module.exports = { actions };
