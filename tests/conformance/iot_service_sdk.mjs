// SPDX-License-Identifier: Apache-2.0
// What Microsoft's service SDK does with twins, queries, jobs and deployments: see iot_sdk.sh.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, finish } from './tap.mjs';

const require = createRequire(`${process.env.CONFORMANCE_MODULES}/package.json`);
const { Client } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const { JobClient, Registry } = require('azure-iothub');

const connection = readFileSync(`${process.env.CONFORMANCE_WORK}/hub-connection`, 'utf8');
const host = /HostName=([^;]+)/.exec(connection)[1];
const registry = Registry.fromConnectionString(connection);
const jobs = JobClient.fromConnectionString(connection);
const rows = async (text, size) => {
  const query = registry.createQuery(text, size);
  const found = [];
  // Without being told its own token, next() begins anew.
  while (query.hasMoreResults) found.push(...(await query.next(query.continuationToken)).result);
  return found;
};
const over = async (id) => {
  for (;;) {
    const { jobStatus } = await jobs.getJob(id);
    if (!['scheduled', 'running', 'queued'].includes(jobStatus.status)) return jobStatus;
    await sleep(50);
  }
};

const halls = { 'fan-1': 'east', 'fan-2': 'east', 'fan-3': 'west' };
const keys = {};
for (const [deviceId, hall] of Object.entries(halls)) {
  const { responseBody } = await registry.create({ deviceId });
  keys[deviceId] = responseBody.authentication.symmetricKey.primaryKey;
  await registry.updateTwin(deviceId, { tags: { kind: 'fan', hall, power: hall === 'east' ? 5 : 7.5 } }, '*');
}

await check('aggregates come by group, and in pages', async () => {
  const found = await rows(
    `SELECT tags.hall AS hall, COUNT() AS fans, SUM(tags.power) AS power, AVG(tags.power) AS each
     FROM devices WHERE tags.kind = 'fan' GROUP BY tags.hall`, 1);
  assert.deepEqual(found, [
    { hall: 'east', fans: 2, power: 10, each: 5 }, { hall: 'west', fans: 1, power: 7.5, each: 7.5 }]);
  assert.deepEqual(await rows("SELECT COUNT() AS n FROM devices WHERE tags.kind = 'fan' AND tags.power * 2 > 10"), [{ n: 1 }]);
});

await check('a job changes the twins of many devices', async () => {
  const patch = { etag: '*', properties: { desired: { speed: 3 } } };
  await jobs.scheduleTwinUpdate('speed-up', "tags.hall = 'east'", patch, new Date(), 60);
  const { status, deviceJobStatistics: counts } = await over('speed-up');
  assert.equal(status, 'completed');
  assert.deepEqual([counts.deviceCount, counts.succeededCount, counts.failedCount], [2, 2, 0]);
  assert.equal((await registry.getTwin('fan-2')).responseBody.properties.desired.speed, 3);
  assert.equal((await registry.getTwin('fan-3')).responseBody.properties.desired.speed, undefined);
});

await check('a job calls a method of many devices; who is away has failed', async () => {
  const device = Client.fromConnectionString(
    `HostName=${host};DeviceId=fan-1;SharedAccessKey=${keys['fan-1']}`, Mqtt);
  await device.open();
  device.onDeviceMethod('spin', (request, response) => response.send(200, { spun: request.payload }));
  await sleep(500); // the SDK does not say when it has subscribed
  await jobs.scheduleDeviceMethod('spin-all', "tags.hall = 'east'",
    { methodName: 'spin', payload: 4, responseTimeoutInSeconds: 5 }, new Date(), 60);
  const { deviceJobStatistics: counts } = await over('spin-all');
  assert.deepEqual([counts.succeededCount, counts.failedCount], [1, 1]);
  const [record] = await rows(
    "SELECT * FROM devices.jobs WHERE devices.jobs.jobId = 'spin-all' AND devices.jobs.status = 'completed'");
  assert.equal(record.deviceId, 'fan-1');
  assert.deepEqual(record.outcome.deviceMethodResponse, { status: 200, payload: { spun: 4 } });
  await device.close();
});

await check('jobs are found by type and status, and a scheduled one can be cancelled', async () => {
  await jobs.scheduleTwinUpdate('later', "tags.hall = 'west'", { etag: '*', tags: { late: true } },
    new Date(Date.now() + 3600_000), 60);
  const query = jobs.createQuery('scheduleUpdateTwin', 'scheduled');
  assert.deepEqual((await query.next()).result.map((each) => each.jobId), ['later']);
  assert.equal((await jobs.cancelJob('later')).jobStatus.status, 'cancelled');
  await assert.rejects(jobs.getJob('never-made'));
});

await check('layers go over a base deployment by priority, and away again', async () => {
  await registry.create({ deviceId: 'layered', capabilities: { iotEdge: true } });
  const deploy = (id, priority, modulesContent) => registry.addConfiguration({
    id, priority, schemaVersion: '1.0', labels: {}, targetCondition: "deviceId = 'layered'", content: { modulesContent } });
  await deploy('layer-low', 10, { $edgeAgent: {}, tap: { 'properties.desired.rate': 5 } });
  await deploy('base', 1, {
    $edgeAgent: { 'properties.desired': { schemaVersion: '1.1', modules: { tap: { version: '1' } } } },
    $edgeHub: { 'properties.desired': { schemaVersion: '1.1', routes: {} } },
    tap: { 'properties.desired': { rate: 1, unit: 'l' } } });
  await deploy('layer-high', 20, {
    $edgeAgent: { 'properties.desired.modules.drain': { version: '1' } }, tap: { 'properties.desired.rate': 9 } });
  const values = async (module) => {
    const { $metadata, $version, ...rest } = (await registry.getModuleTwin('layered', module)).responseBody.properties.desired;
    return rest;
  };
  assert.deepEqual(await values('tap'), { rate: 9, unit: 'l' });
  assert.deepEqual(Object.keys((await values('$edgeAgent')).modules), ['tap', 'drain']);
  assert.equal((await registry.getConfiguration('layer-high')).responseBody.systemMetrics.results.appliedCount, 1);
  await registry.removeConfiguration('layer-high');
  assert.deepEqual(await values('tap'), { rate: 5, unit: 'l' });
  assert.deepEqual(Object.keys((await values('$edgeAgent')).modules), ['tap']);
});

await check('a configuration sets values of the devices that it targets, while it does', async () => {
  await registry.addConfiguration({
    id: 'fans', priority: 1, schemaVersion: '1.0', labels: {}, targetCondition: "tags.kind = 'fan'",
    content: { deviceContent: { 'properties.desired.filter': { days: 30 } } },
    metrics: { queries: { fast: "SELECT deviceId FROM devices WHERE tags.kind = 'fan' AND properties.desired.speed > 2" } } });
  const { systemMetrics, metrics } = (await registry.getConfiguration('fans')).responseBody;
  assert.deepEqual(systemMetrics.results, { targetedCount: 3, appliedCount: 3 });
  assert.deepEqual(metrics.results, { fast: 2 });
  assert.equal((await registry.getTwin('fan-3')).responseBody.properties.desired.filter.days, 30);
  await registry.updateTwin('fan-3', { tags: { kind: null } }, '*');
  const { properties } = (await registry.getTwin('fan-3')).responseBody;
  assert.equal(properties.desired.filter, undefined);
});

finish();
