// SPDX-License-Identifier: Apache-2.0
// What the SDKs do to a hub that will be killed, or has no room left: see durability.sh.
//   durability.mjs send | verify | fill | send-one
import assert from 'node:assert/strict';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import './tap.mjs';

const require = createRequire(`${process.env.CONFORMANCE_MODULES}/package.json`);
const { Client, Message } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const { Registry } = require('azure-iothub');

const work = process.env.CONFORMANCE_WORK;
const record = `${work}/acknowledged.json`;
const connection = readFileSync(`${work}/hub-connection`, 'utf8');
const host = /HostName=([^;]+)/.exec(connection)[1];
const registry = Registry.fromConnectionString(connection);

// Written whole or not at all.
const write = (acknowledged) => {
  writeFileSync(`${record}.new`, JSON.stringify(acknowledged));
  renameSync(`${record}.new`, record);
};
const read = () => JSON.parse(readFileSync(record));

async function connect() {
  const { responseBody } = await registry.get('witness').catch(() => registry.create({ deviceId: 'witness' }));
  const key = responseBody.authentication.symmetricKey.primaryKey;
  const device = Client.fromConnectionString(`HostName=${host};DeviceId=witness;SharedAccessKey=${key}`, Mqtt);
  device.setRetryPolicy({ shouldRetry: () => false, nextRetryTimeout: () => 0 });
  device.on('error', () => {});
  await device.open();
  return device;
}
const report = (twin, patch) => new Promise((done, fail) => {
  twin.properties.reported.update(patch, (error) => (error ? fail(error) : done()));
});

const phases = {
  // Until the connection is lost.
  async send() {
    const device = await connect();
    const twin = await device.getTwin();
    const lost = new Promise((done) => device.on('disconnect', done));
    const acknowledged = { messages: 0, reported: 0, desired: 0 };
    const work_on = async () => {
      for (let round = 1; ; ++round) {
        for (let i = 0; i < 10; ++i) {
          await device.sendEvent(new Message(`message ${round}.${i}`));
          acknowledged.messages += 1;
        }
        await report(twin, { round });
        acknowledged.reported = round;
        await registry.updateTwin('witness', { properties: { desired: { round } } }, '*');
        acknowledged.desired = round;
        write(acknowledged);
      }
    };
    await Promise.race([lost, work_on().catch(() => {})]);
  },

  async verify() {
    const { reported, desired } = (await registry.getTwin('witness')).responseBody.properties;
    assert.ok(reported.round >= read().reported, `reported ${reported.round} of ${read().reported}`);
    assert.ok(desired.round >= read().desired, `desired ${desired.round} of ${read().desired}`);
  },

  async fill() {
    const device = await connect();
    const lost = new Promise((done) => device.on('disconnect', done));
    const acknowledged = read();
    const send = async () => {
      for (;;) {
        await device.sendEvent(new Message('x'.repeat(20_000)));
        acknowledged.messages += 1;
        assert.ok(acknowledged.messages < 10_000, 'the disk does not fill up');
      }
    };
    await Promise.race([lost, send().catch((error) => { if (error instanceof assert.AssertionError) throw error; })]);
    write(acknowledged);
    let refused = false;
    for (let i = 0; i < 200 && !refused; ++i) {
      const update = registry.updateTwin('witness', { tags: { note: `${i} ${'n'.repeat(3000)}` } }, '*');
      refused = await update.then(() => false, (error) => error.response?.statusCode === 500);
    }
    assert.ok(refused, 'a change that cannot be stored is refused');
    assert.equal((await registry.get('witness')).responseBody.deviceId, 'witness');
  },

  async 'send-one'() {
    const device = await connect();
    await device.sendEvent(new Message('room again'));
    await registry.updateTwin('witness', { tags: { note: 'short' } }, '*');
    await device.close();
  },
};

await phases[process.argv[2]]().catch((error) => {
  console.error(error.stack);
  process.exit(1);
});
process.exit(0);
