// SPDX-License-Identifier: Apache-2.0
// What Microsoft's device SDK does with an IoT hub, beyond iot_hub_sdk.mjs: see iot_sdk.sh.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { check, finish } from './tap.mjs';

const require = createRequire(`${process.env.CONFORMANCE_MODULES}/package.json`);
const { ClientSecretCredential } = require('@azure/identity');
const mqtt = require('mqtt');
const { Client, Message } = require('azure-iot-device');
const { Mqtt, MqttWs } = require('azure-iot-device-mqtt');
const { SharedAccessSignature } = require('azure-iot-common');
const { Registry } = require('azure-iothub');

const work = process.env.CONFORMANCE_WORK;
const readJson = (path) => JSON.parse(readFileSync(path));
const environment = readJson(`${process.env.DRYDOCK_DATA}/environment.json`);
const connection = readFileSync(`${work}/hub-connection`, 'utf8');
const host = /HostName=([^;]+)/.exec(connection)[1];
const registry = Registry.fromConnectionString(connection);
const keysOf = (answer) => answer.responseBody.authentication.symmetricKey;
const identity = (name) => ({
  cert: readFileSync(`${work}/certificates/${name}.chain.pem`, 'utf8'),
  key: readFileSync(`${work}/certificates/${name}.key`, 'utf8'),
});
const byCa = { authentication: { type: 'certificateAuthority' } };
const deviceString = (device, key) => `HostName=${host};DeviceId=${device};SharedAccessKey=${key}`;

await check('a device speaks MQTT through a WebSocket', async () => {
  const { secondaryKey } = keysOf(await registry.create({ deviceId: 'web' }));
  const device = Client.fromConnectionString(deviceString('web', secondaryKey), MqttWs);
  await device.open();
  await device.sendEvent(new Message('x'.repeat(100_000)));
  const twin = await device.getTwin();
  await new Promise((done, fail) => {
    twin.properties.reported.update({ by: 'web' }, (error) => (error ? fail(error) : done()));
  });
  const { responseBody } = await registry.getTwin('web');
  assert.equal(responseBody.properties.reported.by, 'web');
  assert.equal(responseBody.connectionState, 'Connected');
  await device.close();
});

await check('a certificate below the CA of the hub is its device, by MQTT and through a WebSocket', async () => {
  await registry.create({ deviceId: 'press-1', ...byCa });
  for (const transport of [Mqtt, MqttWs]) {
    const device = Client.fromConnectionString(`HostName=${host};DeviceId=press-1;x509=true`, transport);
    await device.setOptions(identity('press-1'));
    await device.open();
    await device.sendEvent(new Message('pressed'));
    await device.close();
  }
});

await check('a module shows a certificate that names it and its device', async () => {
  await registry.addModule({ deviceId: 'press-1', moduleId: 'eye', ...byCa });
  // Microsoft's module client takes tokens alone: its MQTT library does without it.
  const open = (name) => new Promise((done, fail) => {
    const client = mqtt.connect(`mqtts://${host}:8883`, {
      ...identity(name), ca: readFileSync(process.env.NODE_EXTRA_CA_CERTS), clientId: 'press-1/eye',
      username: `${host}/press-1/eye/?api-version=2021-04-12`, reconnectPeriod: 0 });
    client.on('connect', () => done(client)).on('error', fail);
  });
  (await open('press-1+eye')).end();
  await assert.rejects(open('press-1'));
});

await check('a token ends its connection when it expires, and is refused from then on', async () => {
  const { primaryKey } = keysOf(await registry.create({ deviceId: 'brief' }));
  const expiry = Math.floor(Date.now() / 1000) + 2;
  const token = SharedAccessSignature.create(`${host}/devices/brief`, undefined, primaryKey, expiry).toString();
  const device = Client.fromSharedAccessSignature(token, Mqtt);
  device.setRetryPolicy({ shouldRetry: () => false, nextRetryTimeout: () => 0 });
  const gone = new Promise((done) => device.on('disconnect', done));
  await device.open();
  await gone;
  await assert.rejects(Client.fromSharedAccessSignature(token, Mqtt).open());
});

await check('a policy with DeviceConnect speaks for a device', async () => {
  await registry.create({ deviceId: 'spoken-for' });
  const { SharedAccessKey: key } = Object.fromEntries(
    connection.split(';').map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]));
  const expiry = Math.floor(Date.now() / 1000) + 60;
  const token = SharedAccessSignature.create(`${host}/devices/spoken-for`, 'iothubowner', key, expiry).toString();
  const device = Client.fromSharedAccessSignature(token, Mqtt);
  await device.open();
  await device.sendEvent(new Message('by policy'));
  await device.close();
});

await check('a token of Entra counts by the role of its principal', async () => {
  const { clientId, clientSecret } = readJson(`${work}/registrar.json`);
  const credential = new ClientSecretCredential(environment.tenantId, clientId, clientSecret,
    { authorityHost: environment.activeDirectory, disableInstanceDiscovery: true });
  const registrar = Registry.fromTokenCredential(host, credential);
  await registrar.create({ deviceId: 'by-role' });
  assert.equal((await registrar.get('by-role')).responseBody.status, 'enabled');
  await assert.rejects(registrar.getTwin('by-role'), (error) => error.response.statusCode === 403);
});

finish();
