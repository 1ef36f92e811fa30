// oauth4webapi, the strict one: the same way, step by step, with each answer validated.
import * as oauth from 'oauth4webapi'
import { ask, given, signingKey, tell } from './conversation.mjs'

const { issuer, clientId, secret, privateKey, method, redirectUri, scope, pkce, pushed, loggedOutUri } = given
const http = { [oauth.allowInsecureRequests]: true }

const authentication = await {
  basic: () => oauth.ClientSecretBasic(secret),
  post: () => oauth.ClientSecretPost(secret),
  none: () => oauth.None(),
  privateKey: async () => oauth.PrivateKeyJwt({ key: await signingKey(privateKey), kid: privateKey.kid }),
}[method]()

const found = await oauth.discoveryRequest(new URL(issuer), http)
const server = await oauth.processDiscoveryResponse(new URL(issuer), found)
const client = { client_id: clientId }

async function byCode() {
  const state = oauth.generateRandomState()
  const nonce = oauth.generateRandomNonce()
  const verifier = pkce ? oauth.generateRandomCodeVerifier() : oauth.nopkce
  const parameters = new URLSearchParams({
    client_id: clientId, response_type: 'code', redirect_uri: redirectUri, scope, state, nonce,
  })
  if (pkce) {
    parameters.set('code_challenge', await oauth.calculatePKCECodeChallenge(verifier))
    parameters.set('code_challenge_method', 'S256')
  }
  const url = new URL(server.authorization_endpoint)
  url.search = (pushed ? await push(parameters) : parameters).toString()
  const back = new URL(await ask({ visit: url.href }))
  const answer = oauth.validateAuthResponse(server, client, back, state)
  const response = await oauth.authorizationCodeGrantRequest(
    server, client, authentication, answer, redirectUri, verifier, http,
  )
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: nonce, requireIdToken: true,
  })
  await oauth.validateApplicationLevelSignature(server, response, http)
  return tokens
}

async function push(parameters) {
  const response = await oauth.pushedAuthorizationRequest(server, client, authentication, parameters, http)
  const { request_uri } = await oauth.processPushedAuthorizationResponse(server, client, response)
  return new URLSearchParams({ client_id: clientId, request_uri })
}

async function byDevice() {
  const asked = await oauth.deviceAuthorizationRequest(server, client, authentication, new URLSearchParams({ scope }), http)
  const device = await oauth.processDeviceAuthorizationResponse(server, client, asked)
  await ask({ approve: device.verification_uri_complete, userCode: device.user_code })
  const response = await oauth.deviceCodeGrantRequest(server, client, authentication, device.device_code, http)
  return oauth.processDeviceCodeResponse(server, client, response)
}

const refresh = async (token) => {
  const response = await oauth.refreshTokenGrantRequest(server, client, authentication, token, http)
  return oauth.processRefreshTokenResponse(server, client, response)
}

const tokens = await (given.device ? byDevice() : byCode())
const claims = oauth.getValidatedIdTokenClaims(tokens)
const userinfo = await oauth.processUserInfoResponse(
  server, client, claims.sub, await oauth.userInfoRequest(server, client, tokens.access_token, http),
)
const refreshed = await refresh(tokens.refresh_token)
const introspected = method === 'none' ? null : await oauth.processIntrospectionResponse(
  server, client, await oauth.introspectionRequest(server, client, authentication, refreshed.access_token, http),
)

const endSession = new URL(server.end_session_endpoint)
endSession.search = new URLSearchParams({
  id_token_hint: refreshed.id_token, post_logout_redirect_uri: loggedOutUri, state: 'bye',
}).toString()
const loggedOut = given.device ? null : await ask({ visit: endSession.href })

await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, client, authentication, refreshed.refresh_token, http),
)
const afterwards = await refresh(refreshed.refresh_token).catch((error) => error.error)

tell({
  claims, userinfo, introspected, loggedOut, afterwards, refreshedClaims: oauth.getValidatedIdTokenClaims(refreshed),
})
process.exit(0)
