// Who asks: the authorization code flow with PKCE, at the firm's identity provider. The token stays in this tab and goes
// out as a header; there is no cookie that another site could make a browser send.
import * as oauth from 'oauth4webapi';

const TOKEN = 'colonnade.token';
const UNDERWAY = 'colonnade.signin';
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

async function provider() {
  const { issuer, clientId, scope } = await (await fetch(new URL('signin.json', document.baseURI))).json();
  const url = new URL(issuer);
  // Without TLS on this machine alone: the demo's provider.
  const options = { [oauth.allowInsecureRequests]: LOOPBACK.includes(url.hostname) };
  const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options));
  return { server, client: { client_id: clientId }, scope, options };
}

function here() {
  return location.origin + location.pathname;
}

function kept(key) {
  return JSON.parse(sessionStorage.getItem(key) ?? 'null');
}

// Go to the provider; it sends the browser back here.
export async function signIn() {
  const { server, client, scope } = await provider();
  const underway = { verifier: oauth.generateRandomCodeVerifier(), state: oauth.generateRandomState() };
  sessionStorage.setItem(UNDERWAY, JSON.stringify(underway));
  const target = new URL(server.authorization_endpoint);
  target.search = new URLSearchParams({
    client_id: client.client_id,
    code_challenge: await oauth.calculatePKCECodeChallenge(underway.verifier),
    code_challenge_method: 'S256',
    redirect_uri: here(),
    response_type: 'code',
    scope,
    state: underway.state,
  });
  location.assign(target);
}

// Come back from the provider: true if the address held its answer, which is then taken out of it.
export async function comeBack() {
  const underway = kept(UNDERWAY);
  const address = new URL(location);
  if (underway === null || !address.searchParams.has('state')) return false;
  sessionStorage.removeItem(UNDERWAY);
  history.replaceState(null, '', here());
  const { server, client, options } = await provider();
  const answer = oauth.validateAuthResponse(server, client, address, underway.state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    answer,
    here(),
    underway.verifier,
    options,
  );
  const granted = await oauth.processAuthorizationCodeResponse(server, client, response);
  const expires = Date.now() + (granted.expires_in ?? 300) * 1000;
  sessionStorage.setItem(TOKEN, JSON.stringify({ token: granted.access_token, expires }));
  return true;
}

// The token that is still good, or null.
export function token() {
  const held = kept(TOKEN);
  return held !== null && held.expires > Date.now() ? held.token : null;
}

export function signOut() {
  sessionStorage.removeItem(TOKEN);
  location.reload();
}
