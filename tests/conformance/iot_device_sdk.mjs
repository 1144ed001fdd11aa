// SPDX-License-Identifier: Apache-2.0
// What Microsoft's device SDK does with an IoT hub, beyond iot_hub_sdk.mjs: see iot_sdk.sh.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { check, finish } from './tap.mjs';

const require = createRequire(`${process.env.CONFORMANCE_MODULES}/package.json`);
const { Client, Message } = require('azure-iot-device');
const { MqttWs } = require('azure-iot-device-mqtt');
const { Registry } = require('azure-iothub');

const connection = readFileSync(`${process.env.CONFORMANCE_WORK}/hub-connection`, 'utf8');
const host = /HostName=([^;]+)/.exec(connection)[1];
const registry = Registry.fromConnectionString(connection);
const keysOf = (answer) => answer.responseBody.authentication.symmetricKey;
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

finish();
