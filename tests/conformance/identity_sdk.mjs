// SPDX-License-Identifier: Apache-2.0
// Every credential of @azure/identity that works without a browser: see identity_sdk.sh.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { check, finish } from './tap.mjs';

const require = createRequire(`${process.env.CONFORMANCE_MODULES}/package.json`);
const {
  AzureCliCredential, ClientCertificateCredential, ClientSecretCredential, DeviceCodeCredential,
  ManagedIdentityCredential, WorkloadIdentityCredential,
} = require('@azure/identity');

const work = process.env.CONFORMANCE_WORK;
const readJson = (path) => JSON.parse(readFileSync(path));
const environment = readJson(`${process.env.DRYDOCK_DATA}/environment.json`);
const authority = { authorityHost: environment.activeDirectory, disableInstanceDiscovery: true };
const scope = 'https://management.azure.com/.default';
const drydock = (...words) => execFileSync(process.env.DRYDOCK, [...words, '--data', process.env.DRYDOCK_DATA]);

const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
async function principalOf(credential) {
  const { token, expiresOnTimestamp } = await credential.getToken(scope);
  assert.ok(expiresOnTimestamp > Date.now() + 3000 * 1000, 'it lives for about an hour');
  return claimsOf(token);
}
// Resource Manager must take it, too.
async function answered(credential) {
  const { token } = await credential.getToken(scope);
  const response = await fetch(`${environment.resourceManager}/subscriptions?api-version=2022-12-01`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  return response.status;
}

async function own() {
  await check('ClientSecretCredential', async () => {
    const credential = new ClientSecretCredential(environment.tenantId, environment.clientId, environment.clientSecret, authority);
    const claims = await principalOf(credential);
    assert.equal(claims.appid, environment.clientId);
    assert.equal(claims.tid, environment.tenantId);
    assert.equal(await answered(credential), 200);
  });

  await check('a wrong secret is an AuthenticationRequiredError with its number', async () => {
    const credential = new ClientSecretCredential(environment.tenantId, environment.clientId, 'wrong', authority);
    await assert.rejects(credential.getToken(scope), /AADSTS7000215/);
  });

  await check('an unknown application is refused with its number', async () => {
    const credential = new ClientSecretCredential(environment.tenantId, randomUUID(), 'secret', authority);
    await assert.rejects(credential.getToken(scope), /AADSTS700016/);
  });

  const robot = readJson(`${work}/robot.json`);
  await check('ClientCertificateCredential', async () => {
    const credential = new ClientCertificateCredential(
      environment.tenantId, robot.clientId, { certificatePath: `${work}/robot.both.pem` }, authority);
    assert.equal((await principalOf(credential)).oid, robot.objectId);
  });

  await check('ClientCertificateCredential with the chain', async () => {
    const credential = new ClientCertificateCredential(
      environment.tenantId, robot.clientId, { certificatePath: `${work}/robot.both.pem` },
      { ...authority, sendCertificateChain: true });
    assert.equal((await principalOf(credential)).oid, robot.objectId);
  });

  await check("another application's certificate signs in nobody", async () => {
    const credential = new ClientCertificateCredential(
      environment.tenantId, environment.clientId, { certificatePath: `${work}/robot.both.pem` }, authority);
    await assert.rejects(credential.getToken(scope), /AADSTS700027/);
  });

  const cluster = readJson(`${work}/cluster.json`);
  await check('WorkloadIdentityCredential with the token of a federated issuer', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });
    const key = { ...createPublicKey(createPrivateKey(privateKey)).export({ format: 'jwk' }), kid: 'k1', use: 'sig' };
    writeFileSync(`${work}/jwks.json`, JSON.stringify({ keys: [key] }));
    drydock('application', 'federate', cluster.clientId, '--issuer', 'https://cluster.example',
      '--subject', 'system:serviceaccount:ferry:ferryd', '--keys', `${work}/jwks.json`);
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const now = Math.floor(Date.now() / 1000);
    const text = `${part({ alg: 'RS256', kid: 'k1' })}.${part({
      iss: 'https://cluster.example', sub: 'system:serviceaccount:ferry:ferryd', aud: ['api://AzureADTokenExchange'],
      iat: now, exp: now + 600 })}`;
    const token = `${text}.${sign('sha256', text, privateKey).toString('base64url')}`;
    writeFileSync(`${work}/service-account-token`, token);
    const credential = new WorkloadIdentityCredential({
      tenantId: environment.tenantId, clientId: cluster.clientId, tokenFilePath: `${work}/service-account-token`, ...authority });
    assert.equal((await principalOf(credential)).oid, cluster.objectId);
  });

  await check('DeviceCodeCredential, approved from a shell', async () => {
    const credential = new DeviceCodeCredential({
      tenantId: environment.tenantId, ...authority,
      userPromptCallback: ({ userCode, verificationUri }) => {
        assert.equal(verificationUri, `${environment.activeDirectory}/devicelogin`);
        drydock('device-login', 'approve', userCode);
      } });
    const claims = await principalOf(credential);
    assert.equal(claims.idtyp, 'user');
    assert.match(claims.upn, /@drydock\.localhost$/);
    // Another scope comes by the refresh token, without asking again.
    const storage = await credential.getToken('https://storage.azure.com/.default');
    assert.equal(claimsOf(storage.token).aud, 'https://storage.azure.com');
  });

  await check('DeviceCodeCredential, declined', async () => {
    const credential = new DeviceCodeCredential({
      tenantId: environment.tenantId, ...authority,
      userPromptCallback: ({ userCode }) => drydock('device-login', 'decline', userCode) });
    await assert.rejects(credential.getToken(scope));
  });

  await check("ManagedIdentityCredential of a virtual machine: the machine's own", async () => {
    const claims = await principalOf(new ManagedIdentityCredential());
    assert.equal(claims.idtyp, 'app');
  });

  const builder = readJson(`${work}/builder.json`);
  await check('ManagedIdentityCredential with a client id', async () => {
    const claims = await principalOf(new ManagedIdentityCredential({ clientId: builder.clientId }));
    assert.equal(claims.oid, builder.objectId);
  });

  await check('AzureCliCredential, with the az that is signed in', async () => {
    const claims = await principalOf(new AzureCliCredential());
    assert.equal(claims.appid, environment.clientId);
  });
}

async function appService() {
  await check('ManagedIdentityCredential of App Service', async () => {
    const claims = await principalOf(new ManagedIdentityCredential());
    assert.equal(claims.idtyp, 'app');
  });
}

await (process.env.CREDENTIALS === 'own' ? own() : appService());
finish();
