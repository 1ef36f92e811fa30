// openid-client through everything that a site does with this server. What it checks by itself is the test:
// metadata, state, nonce, issuer, the id_token and its signature, the subject of userinfo.
import * as oidc from 'openid-client'
import { ask, given, signingKey, tell } from './conversation.mjs'

const { issuer, clientId, secret, privateKey, method, redirectUri, scope, pkce, pushed, loggedOutUri } = given

const authentication = {
  basic: () => oidc.ClientSecretBasic(secret),
  post: () => oidc.ClientSecretPost(secret),
  none: () => oidc.None(),
  privateKey: async () => oidc.PrivateKeyJwt({ key: await signingKey(privateKey), kid: privateKey.kid }),
}[method]

const config = await oidc.discovery(new URL(issuer), clientId, {}, await authentication(), {
  execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
})

async function byCode() {
  const checks = { expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce() }
  const parameters = { redirect_uri: redirectUri, scope, state: checks.expectedState, nonce: checks.expectedNonce }
  if (pkce) {
    checks.pkceCodeVerifier = oidc.randomPKCECodeVerifier()
    parameters.code_challenge = await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier)
    parameters.code_challenge_method = 'S256'
  }
  const url = pushed
    ? await oidc.buildAuthorizationUrlWithPAR(config, parameters)
    : oidc.buildAuthorizationUrl(config, parameters)
  const back = await ask({ visit: url.href })
  return oidc.authorizationCodeGrant(config, new URL(back), checks)
}

async function byDevice() {
  const response = await oidc.initiateDeviceAuthorization(config, { scope })
  await ask({ approve: response.verification_uri_complete, userCode: response.user_code })
  // The reader has said yes by now, so there is nothing to wait for.
  return oidc.pollDeviceAuthorizationGrant(config, { ...response, interval: 0 })
}

const tokens = await (given.device ? byDevice() : byCode())
const claims = tokens.claims()
const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token)
const introspected = method === 'none' ? null : await oidc.tokenIntrospection(config, refreshed.access_token)

const endSession = oidc.buildEndSessionUrl(config, {
  id_token_hint: refreshed.id_token,
  post_logout_redirect_uri: loggedOutUri,
  state: 'bye',
})
const loggedOut = given.device ? null : await ask({ visit: endSession.href })

await oidc.tokenRevocation(config, refreshed.refresh_token)
const afterwards = await oidc.refreshTokenGrant(config, refreshed.refresh_token).catch((error) => error.error)

tell({ claims, userinfo, introspected, loggedOut, afterwards, refreshedClaims: refreshed.claims() })
process.exit(0)
