// SPDX-License-Identifier: Apache-2.0
// What the JavaScript SDK does with the content of a container registry: see registry_sdk.sh.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { check, finish } from './tap.mjs';

const require = createRequire(`${process.env.CONFORMANCE_MODULES}/package.json`);
const { ContainerRegistryContentClient, KnownContainerRegistryAudience } = require('@azure/container-registry');
const { ClientSecretCredential } = require('@azure/identity');

const environment = JSON.parse(readFileSync(`${process.env.DRYDOCK_DATA}/environment.json`));
const credentialFor = (secret) => new ClientSecretCredential(
  environment.tenantId, environment.clientId, secret,
  { authorityHost: environment.activeDirectory, disableInstanceDiscovery: true });
const clientFor = (repository) => new ContainerRegistryContentClient(
  `https://conformance.${environment.suffixes.acrLoginServer}`, repository,
  credentialFor(environment.clientSecret),
  { audience: KnownContainerRegistryAudience.AzureResourceManagerPublicCloud, retryOptions: { maxRetries: 0 } });
const client = clientFor('line-1/app');

let config, layer, manifest;
await check('blobs go up in pieces and come back', async () => {
  config = await client.uploadBlob(Buffer.from('{}'));
  // More than the SDK puts into one request.
  const content = Buffer.alloc(9 << 20, 'layer');
  layer = await client.uploadBlob(Readable.from([content.subarray(0, 5 << 20), content.subarray(5 << 20)]));
  const { content: stream } = await client.downloadBlob(layer.digest);
  assert.ok(content.equals(await buffer(stream)));
});

await check('a manifest comes back as it was set, by tag and by digest', async () => {
  manifest = {
    schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config.digest, size: config.sizeInBytes },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: layer.digest, size: layer.sizeInBytes }],
  };
  const { digest } = await client.setManifest(manifest, { tag: 'v1' });
  for (const reference of ['v1', digest]) {
    const found = await client.getManifest(reference);
    assert.equal(found.digest, digest);
    assert.deepEqual(JSON.parse(JSON.stringify(found.manifest)), manifest);
  }
});

await check('what is not there is not found', async () => {
  const error = await client.getManifest('v2').catch((e) => e);
  assert.equal(error.statusCode, 404);
});

await check('a manifest of unknown blobs is refused', async () => {
  const error = await clientFor('line-2/app').setManifest(manifest, { tag: 'v1' }).catch((e) => e);
  assert.equal(error.statusCode, 400);
});

await check('a manifest is deleted', async () => {
  const { digest } = await client.getManifest('v1');
  await client.deleteManifest(digest);
  const error = await client.getManifest('v1').catch((e) => e);
  assert.equal(error.statusCode, 404);
});

finish();
