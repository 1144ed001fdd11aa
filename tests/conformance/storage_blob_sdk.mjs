// SPDX-License-Identifier: Apache-2.0
// What the JavaScript SDK does with a storage account: see storage_blob_sdk.sh.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { check, finish } from './tap.mjs';

const require = createRequire(`${process.env.CONFORMANCE_MODULES}/package.json`);
const storage = require('@azure/storage-blob');
const { ClientSecretCredential } = require('@azure/identity');

const environment = JSON.parse(readFileSync(`${process.env.DRYDOCK_DATA}/environment.json`));
const keys = JSON.parse(readFileSync(process.env.STORAGE_KEYS)).keys;
const account = 'conformance';
const url = `https://${account}.blob.${environment.suffixes.storage}`;
const key = new storage.StorageSharedKeyCredential(account, keys[0].value);
const once = { retryOptions: { maxTries: 1 } };
const service = new storage.BlobServiceClient(url, key, once);
const container = service.getContainerClient('files');
const text = async (client, ...range) => (await client.downloadToBuffer(...range)).toString();
const refusal = async (promise, code, status) => {
  const error = await promise.then(() => assert.fail('it was accepted'), (e) => e);
  assert.equal(error.code, code, error.message);
  assert.equal(error.statusCode, status);
};

if (process.argv[2] === 'survived') {
  await check('what was acknowledged is there after kill -9', async () => {
    assert.equal(await text(container.getBlobClient('dir/a b.txt')), 'hello');
    assert.equal(await text(container.getBlobClient('blocks'), 0, 5), 'aaaaa');
  });
  finish();
}

await check('a container is made once', async () => {
  await container.create({ metadata: { site: 'north' } });
  await refusal(container.create(), 'ContainerAlreadyExists', 409);
  assert.equal((await container.getProperties()).metadata.site, 'north');
  assert.equal(await service.getContainerClient('none').exists(), false);
});

const small = container.getBlockBlobClient('dir/a b.txt');
await check('a blob comes back with its properties', async () => {
  await small.upload('hello', 5, {
    blobHTTPHeaders: { blobContentType: 'text/plain', blobCacheControl: 'no-store' },
    metadata: { a1: 'x', a_b: 'y', plain: 'z' },
  });
  assert.equal(await text(small), 'hello');
  assert.equal(await text(small, 1, 3), 'ell');
  const properties = await small.getProperties();
  assert.equal(properties.contentType, 'text/plain');
  assert.deepEqual(properties.metadata, { a1: 'x', a_b: 'y', plain: 'z' });
  assert.equal(properties.contentLength, 5);
});

await check('a large upload goes in blocks', async () => {
  const blob = container.getBlockBlobClient('blocks');
  const data = Buffer.concat([Buffer.alloc(3 << 20, 'a'), Buffer.alloc(1 << 20, 'b'), Buffer.from('end')]);
  await blob.uploadData(data, { blockSize: 1 << 20, maxSingleShotSize: 1 << 20, concurrency: 4 });
  assert.ok(data.equals(await blob.downloadToBuffer()));
  const list = await blob.getBlockList('all');
  assert.equal(list.committedBlocks.length, 5);
});

await check('blocks are staged and committed in the order of the list', async () => {
  const blob = container.getBlockBlobClient('staged');
  const id = (n) => Buffer.from(`block-${n}`).toString('base64');
  await blob.stageBlock(id(1), 'one ', 4);
  await blob.stageBlock(id(2), 'two ', 4);
  assert.equal((await blob.getBlockList('uncommitted')).uncommittedBlocks.length, 2);
  await blob.commitBlockList([id(2), id(1)], { blobHTTPHeaders: { blobContentType: 'text/x' } });
  assert.equal(await text(blob), 'two one ');
  await refusal(blob.commitBlockList([id(3)]), 'InvalidBlockList', 400);
});

await check('conditions protect what is there', async () => {
  const { etag } = await small.getProperties();
  await refusal(small.upload('x', 1, { conditions: { ifNoneMatch: '*' } }), 'BlobAlreadyExists', 409);
  await refusal(small.upload('x', 1, { conditions: { ifMatch: '"other"' } }), 'ConditionNotMet', 412);
  await small.setMetadata({ k: 'v' }, { conditions: { ifMatch: etag } });
  await refusal(small.setMetadata({}, { conditions: { ifMatch: etag } }), 'ConditionNotMet', 412);
  const unchanged = await small.download(0, undefined, {
    conditions: { ifNoneMatch: (await small.getProperties()).etag },
  }).catch((e) => e);
  assert.equal(unchanged.statusCode, 304);
});

await check('lists come in pages, flat and by directory', async () => {
  for (const name of ['dir/b', 'dir/sub/c', 'täg & <x>']) {
    await container.getBlockBlobClient(name).upload('', 0);
  }
  const flat = [];
  let pages = 0;
  for await (const page of container.listBlobsFlat({ includeMetadata: true }).byPage({ maxPageSize: 2 })) {
    flat.push(...page.segment.blobItems.map((item) => item.name));
    pages += 1;
  }
  assert.deepEqual(flat, ['blocks', 'dir/a b.txt', 'dir/b', 'dir/sub/c', 'staged', 'täg & <x>']);
  assert.equal(pages, 3);
  const top = [];
  for await (const item of container.listBlobsByHierarchy('/')) top.push(`${item.kind}:${item.name}`);
  assert.deepEqual(top.sort(), ['blob:blocks', 'blob:staged', 'blob:täg & <x>', 'prefix:dir/']);
  const names = [];
  for await (const item of service.listContainers({ prefix: 'fi' })) names.push(item.name);
  assert.deepEqual(names, ['files']);
});

await check('a blob SAS reads that blob and no other', async () => {
  const sas = storage.generateBlobSASQueryParameters({
    containerName: 'files', blobName: 'dir/a b.txt', permissions: storage.BlobSASPermissions.parse('r'),
    expiresOn: new Date(Date.now() + 600_000), protocol: storage.SASProtocol.Https,
    version: '2020-12-06', contentDisposition: 'attachment',
  }, key);
  const reader = new storage.BlobClient(`${small.url}?${sas}`, undefined, once);
  assert.equal(await text(reader), 'hello');
  assert.equal((await reader.getProperties()).contentDisposition, 'attachment');
  const other = new storage.BlobClient(`${url}/files/blocks?${sas}`, undefined, once);
  await refusal(other.download(), 'AuthenticationFailed', 403);
  const writer = new storage.BlockBlobClient(`${small.url}?${sas}`, undefined, once);
  await refusal(writer.upload('x', 1), 'AuthorizationPermissionMismatch', 403);
});

await check('an account SAS lists, an expired one does not', async () => {
  const make = (end) => storage.generateAccountSASQueryParameters({
    services: 'b', resourceTypes: 'sco', expiresOn: new Date(Date.now() + end), version: '2021-12-02',
    permissions: storage.AccountSASPermissions.parse('rl'),
  }, key).toString();
  const list = async (sas) => {
    const names = [];
    const client = new storage.BlobServiceClient(`${url}?${sas}`, undefined, once);
    for await (const item of client.listContainers()) names.push(item.name);
    return names;
  };
  assert.deepEqual(await list(make(600_000)), ['files']);
  await refusal(list(make(-1000)), 'AuthenticationFailed', 403);
});

await check('the second key signs, another does not', async () => {
  const as = (secret) => new storage.BlobServiceClient(
    url, new storage.StorageSharedKeyCredential(account, secret), once);
  await as(keys[1].value).getContainerClient('files').getProperties();
  const guess = as(Buffer.alloc(64, 1).toString('base64')).getContainerClient('files');
  await refusal(guess.getProperties(), 'AuthenticationFailed', 403);
});

await check("an Entra identity reads through the SDK's credential", async () => {
  const credential = new ClientSecretCredential(
    environment.tenantId, environment.clientId, environment.clientSecret,
    { authorityHost: environment.activeDirectory, disableInstanceDiscovery: true });
  const client = new storage.BlobServiceClient(url, credential, once);
  assert.equal(await text(client.getContainerClient('files').getBlobClient('dir/a b.txt')), 'hello');
});

await check('a lease keeps others from writing', async () => {
  const blob = container.getBlockBlobClient('leased');
  await blob.upload('one', 3);
  const lease = blob.getBlobLeaseClient();
  const { leaseId } = await lease.acquireLease(-1);
  assert.equal((await blob.getProperties()).leaseState, 'leased');
  await refusal(blob.upload('two', 3), 'LeaseIdMissing', 412);
  await refusal(blob.getBlobLeaseClient().acquireLease(15), 'LeaseAlreadyPresent', 409);
  await blob.upload('two', 3, { conditions: { leaseId } });
  await lease.renewLease();
  const next = '11111111-2222-4333-8444-555555555555';
  await lease.changeLease(next);
  await blob.setMetadata({ a: 'b' }, { conditions: { leaseId: next } });
  await lease.releaseLease();
  await blob.upload('three', 5);
  const other = blob.getBlobLeaseClient();
  await other.acquireLease(60);
  assert.equal((await other.breakLease(0)).leaseTime, 0);
  assert.equal((await blob.getProperties()).leaseState, 'broken');
  const box = service.getContainerClient('leased-box');
  await box.create();
  const held = box.getBlobLeaseClient();
  await held.acquireLease(-1);
  await refusal(box.delete(), 'LeaseIdMissing', 412);
  await box.delete({ conditions: { leaseId: held.leaseId } });
});

await check('a blob is copied, at once and by a poller', async () => {
  const source = container.getBlockBlobClient('source');
  await source.upload('copy me', 7, { metadata: { from: 'here' }, blobHTTPHeaders: { blobContentType: 'text/plain' } });
  const copy = container.getBlobClient('copies/one');
  const done = await (await copy.beginCopyFromURL(source.url)).pollUntilDone();
  assert.equal(done.copyStatus, 'success');
  assert.equal(await text(copy), 'copy me');
  const properties = await copy.getProperties();
  assert.equal(properties.metadata.from, 'here');
  assert.equal(properties.contentType, 'text/plain');
  assert.equal(properties.copyStatus, 'success');
  const now = await container.getBlobClient('copies/two').syncCopyFromURL(source.url);
  assert.equal(now.copyStatus, 'success');
  await refusal(container.getBlobClient('copies/three').syncCopyFromURL(`${source.url}-none`), 'BlobNotFound', 404);
});

await check('tags come and go with a blob', async () => {
  const blob = container.getBlockBlobClient('tagged');
  await blob.upload('x', 1, { tags: { line: '1', site: 'north' } });
  assert.deepEqual((await blob.getTags()).tags, { line: '1', site: 'north' });
  await blob.setTags({ line: '2' });
  assert.equal((await blob.getProperties()).tagCount, 1);
  const listed = [];
  for await (const item of container.listBlobsFlat({ prefix: 'tagged', includeTags: true })) listed.push(item.tags);
  assert.deepEqual(listed, [{ line: '2' }]);
});

await check('a tier is set', async () => {
  const blob = container.getBlobClient('tagged');
  await blob.setAccessTier('Cool');
  assert.equal((await blob.getProperties()).accessTier, 'Cool');
});

await check('many blobs are deleted in one request', async () => {
  const urls = [];
  for (let i = 0; i < 5; i += 1) {
    const blob = container.getBlockBlobClient(`batch/${i}`);
    await blob.upload('x', 1);
    urls.push(blob.url);
  }
  const answer = await service.getBlobBatchClient().deleteBlobs(urls, key);
  assert.equal(answer.subResponsesSucceededCount, 5);
  const again = await service.getBlobBatchClient().deleteBlobs(urls.slice(0, 2), key);
  assert.equal(again.subResponsesFailedCount, 2);
  assert.equal(again.subResponses[0].errorCode, 'BlobNotFound');
});

await check('a stored access policy gives a SAS its terms, and takes them back', async () => {
  const end = new Date(Date.now() + 600_000);
  await container.setAccessPolicy(undefined, [{ id: 'readers', accessPolicy: { permissions: 'r', startsOn: new Date(Date.now() - 60_000), expiresOn: end } }]);
  assert.equal((await container.getAccessPolicy()).signedIdentifiers[0].id, 'readers');
  const sas = storage.generateBlobSASQueryParameters({ containerName: 'files', identifier: 'readers', version: '2021-12-02' }, key);
  const reader = new storage.BlobClient(`${small.url}?${sas}`, undefined, once);
  assert.equal(await text(reader), 'hello');
  await container.setAccessPolicy(undefined, []);
  await refusal(reader.download(), 'AuthenticationFailed', 403);
});

await check('an identity signs a SAS with a user delegation key', async () => {
  const credential = new ClientSecretCredential(
    environment.tenantId, environment.clientId, environment.clientSecret,
    { authorityHost: environment.activeDirectory, disableInstanceDiscovery: true });
  const client = new storage.BlobServiceClient(url, credential, once);
  const start = new Date(Date.now() - 60_000);
  const end = new Date(Date.now() + 600_000);
  const delegated = await client.getUserDelegationKey(start, end);
  for (const version of ['2020-02-10', '2021-12-02', undefined]) {
    const sas = storage.generateBlobSASQueryParameters({
      containerName: 'files', blobName: 'dir/a b.txt', permissions: storage.BlobSASPermissions.parse('r'),
      startsOn: start, expiresOn: end, ...(version ? { version } : {}),
    }, delegated, account);
    assert.equal(await text(new storage.BlobClient(`${small.url}?${sas}`, undefined, once)), 'hello', version);
  }
  await refusal(service.getUserDelegationKey(start, end), 'AuthenticationFailed', 403);
});

await check('what Drydock does not keep it refuses by name', async () => {
  await refusal(container.getAppendBlobClient('log').create(), 'APINotImplemented', 501);
  await refusal(container.getPageBlobClient('disk').create(512), 'APINotImplemented', 501);
  await refusal(container.getBlobClient('tagged').createSnapshot(), 'APINotImplemented', 501);
});

await check('properties are replaced and blobs deleted', async () => {
  await small.setHTTPHeaders({ blobContentType: 'text/html' });
  const properties = await small.getProperties();
  assert.equal(properties.contentType, 'text/html');
  assert.equal(properties.cacheControl, undefined);
  const gone = container.getBlobClient('staged');
  await gone.delete();
  await refusal(gone.delete(), 'BlobNotFound', 404);
  assert.equal(await gone.exists(), false);
});

finish();
