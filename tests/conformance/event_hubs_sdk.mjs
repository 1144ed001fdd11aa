// SPDX-License-Identifier: Apache-2.0
// What Microsoft's Event Hubs SDK does with a namespace: see event_hubs_sdk.sh, which runs it twice.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, finish } from './tap.mjs';

const require = createRequire(`${process.env.CONFORMANCE_MODULES}/package.json`);
const { EventHubConsumerClient, EventHubProducerClient, earliestEventPosition, latestEventPosition } =
  require('@azure/event-hubs');
const { ClientSecretCredential } = require('@azure/identity');
const WebSocket = require('ws');

const work = process.env.CONFORMANCE_WORK;
const root = readFileSync(`${work}/root-connection`, 'utf8');
const sender = readFileSync(`${work}/sender-connection`, 'utf8');
const environment = JSON.parse(readFileSync(`${process.env.DRYDOCK_DATA}/environment.json`, 'utf8'));
const host = /Endpoint=sb:\/\/([^/;]+)/.exec(root)[1];
const hub = 'telemetry';
const quick = { retryOptions: { maxRetries: 1, retryDelayInMs: 100, timeoutInMs: 10000 } };

const makeProducer = (options = {}) => new EventHubProducerClient(root, hub, { ...quick, ...options });
const makeConsumer = (group = '$Default', options = {}) =>
  new EventHubConsumerClient(group, root, hub, { ...quick, ...options });

// Collects events until `enough` says so, or for ten seconds.
async function receive(consumer, partition, startPosition, enough, options = {}) {
  const events = [];
  let failure;
  const subscription = consumer.subscribe(partition, {
    processEvents: async (batch) => { events.push(...batch); },
    processError: async (error) => { failure ??= error; },
  }, { startPosition, maxWaitTimeInSeconds: 1, ...options });
  for (let waited = 0; waited < 10000 && !failure && !enough(events); waited += 50) await sleep(50);
  await subscription.close();
  if (failure) throw failure;
  return events;
}
const credential = () => new ClientSecretCredential(
  environment.tenantId, environment.clientId, environment.clientSecret,
  { authorityHost: environment.activeDirectory, disableInstanceDiscovery: true });
const bodies = (events) => events.map((event) => event.body);
const count = (number) => (events) => events.length >= number;

async function before() {
  const producer = makeProducer();
  await check('the properties of the event hub and its partitions are told', async () => {
    const properties = await producer.getEventHubProperties();
    assert.equal(properties.name, hub);
    assert.deepEqual(properties.partitionIds, ['0', '1', '2', '3']);
    assert.ok(Math.abs(Date.now() - properties.createdOn.getTime()) < 600000);
    const partition = await producer.getPartitionProperties('0');
    assert.equal(partition.isEmpty, true);
    assert.equal(partition.lastEnqueuedSequenceNumber, -1);
  });

  await check('a batch for one partition arrives whole and in order', async () => {
    const batch = await producer.createBatch({ partitionId: '1' });
    for (let number = 0; number < 100; ++number) {
      assert.ok(batch.tryAdd({
        body: { number }, contentType: 'application/json', messageId: `id-${number}`, correlationId: 'all',
        properties: { text: 'ä', whole: number, half: 0.5, yes: true } }));
    }
    await producer.sendBatch(batch);
    const consumer = makeConsumer();
    const events = await receive(consumer, '1', earliestEventPosition, count(100));
    assert.deepEqual(bodies(events), [...Array(100).keys()].map((number) => ({ number })));
    const last = events.at(-1);
    assert.equal(last.sequenceNumber, 99);
    assert.deepEqual(last.properties, { text: 'ä', whole: 99, half: 0.5, yes: true });
    assert.equal(last.messageId, 'id-99');
    assert.equal(last.contentType, 'application/json');
    assert.ok(Math.abs(Date.now() - last.enqueuedTimeUtc.getTime()) < 60000);
    await consumer.close();
    const state = await producer.getPartitionProperties('1');
    assert.equal(state.lastEnqueuedSequenceNumber, 99);
    assert.equal(String(state.lastEnqueuedOffset), String(last.offset));
    assert.equal(state.isEmpty, false);
  });

  await check('events of one partition key stay together, where its hash leads', async () => {
    await producer.sendBatch([{ body: 'a' }, { body: 'b' }], { partitionKey: 'device-0001' });
    await producer.sendBatch([{ body: 'c' }], { partitionKey: 'device-0001' });
    const consumer = makeConsumer();
    const events = await receive(consumer, '2', earliestEventPosition, count(3));
    assert.deepEqual(bodies(events), ['a', 'b', 'c']);
    assert.equal(events[0].partitionKey, 'device-0001');
    await consumer.close();
  });

  await check('without a choice, batches go to all partitions', async () => {
    for (let number = 0; number < 8; ++number) await producer.sendBatch([{ body: 'anywhere' }]);
    const states = await Promise.all(['0', '1', '2', '3'].map((id) => producer.getPartitionProperties(id)));
    assert.ok(states.every((state) => !state.isEmpty));
  });

  await check('readers begin where they wish', async () => {
    const consumer = makeConsumer();
    const [all, bySequence, inclusive] = await Promise.all([
      receive(consumer, '1', earliestEventPosition, count(100)),
      receive(makeConsumer(), '1', { sequenceNumber: 97 }, count(2)),
      receive(makeConsumer(), '1', { sequenceNumber: 97, isInclusive: true }, count(3)),
    ]);
    assert.equal(bySequence[0].sequenceNumber, 98);
    assert.equal(inclusive[0].sequenceNumber, 97);
    const byOffset = await receive(makeConsumer(), '1', { offset: all[97].offset }, count(2));
    assert.equal(byOffset[0].sequenceNumber, 98);
    await sleep(20);
    const from = new Date();
    await producer.sendBatch([{ body: 'later' }], { partitionId: '1' });
    const byTime = await receive(makeConsumer(), '1', { enqueuedOn: from }, count(1));
    assert.deepEqual(bodies(byTime), ['later']);
    await consumer.close();
  });

  await check('a reader at the end gets what comes from then on', async () => {
    const consumer = makeConsumer();
    let tries = 0;
    const pending = receive(consumer, '3', latestEventPosition, count(1));
    const sending = setInterval(() => {
      tries += 1;
      producer.sendBatch([{ body: `new-${tries}` }], { partitionId: '3' }).catch(() => {});
    }, 500);
    const events = await pending;
    clearInterval(sending);
    assert.ok(events[0].body.startsWith('new-'));
    await consumer.close();
  });

  await check('the last enqueued event is told along when asked for', async () => {
    const consumer = makeConsumer();
    let told;
    const subscription = consumer.subscribe('1', {
      processEvents: async (events, context) => { if (events.length > 0) told = context.lastEnqueuedEventProperties; },
      processError: async () => {},
    }, { startPosition: earliestEventPosition, trackLastEnqueuedEventProperties: true });
    for (let waited = 0; waited < 5000 && told?.sequenceNumber === undefined; waited += 50) await sleep(50);
    await subscription.close();
    assert.equal(told.sequenceNumber, (await producer.getPartitionProperties('1')).lastEnqueuedSequenceNumber);
    await consumer.close();
  });

  await check('the higher owner level takes a partition over, the lower is refused', async () => {
    const first = makeConsumer('second');
    const second = makeConsumer('second');
    const errors = [];
    const listen = (consumer, ownerLevel) => consumer.subscribe('0', {
      processEvents: async () => {},
      processError: async (error) => { errors.push([ownerLevel, error.code]); },
    }, { ownerLevel, startPosition: earliestEventPosition });
    const low = listen(first, 1);
    await sleep(700);
    const high = listen(second, 5);
    for (let waited = 0; waited < 5000 && errors.length === 0; waited += 50) await sleep(50);
    assert.deepEqual(errors[0], [1, 'ReceiverDisconnectedError']);
    const third = makeConsumer('second');
    const lower = listen(third, 2);
    for (let waited = 0; waited < 5000 && errors.length < 2; waited += 50) await sleep(50);
    assert.deepEqual(errors[1], [2, 'ReceiverDisconnectedError']);
    await Promise.all([low, high, lower].map((each) => each.close().catch(() => {})));
    await Promise.all([first, second, third].map((each) => each.close()));
  });

  await check('a consumer group reads all partitions by itself', async () => {
    const consumer = makeConsumer('second');
    const seen = new Map();
    const subscription = consumer.subscribe({
      processEvents: async (events, context) => {
        seen.set(context.partitionId, (seen.get(context.partitionId) ?? 0) + events.length);
      },
      processError: async (error) => { throw error; },
    }, { startPosition: earliestEventPosition });
    for (let waited = 0; waited < 15000 && ![...Array(4).keys()].every((id) => seen.get(String(id)) > 0); waited += 50) {
      await sleep(50);
    }
    await subscription.close();
    assert.equal([...seen.values()].filter((number) => number > 0).length, 4);
    await consumer.close();
  });

  await check('all of it works inside WebSockets', async () => {
    const options = { webSocketOptions: { webSocket: WebSocket } };
    const inside = makeProducer(options);
    await inside.sendBatch([{ body: 'through a WebSocket' }], { partitionId: '0' });
    await inside.close();
    const consumer = makeConsumer('$Default', options);
    const events = await receive(consumer, '0', earliestEventPosition,
      (all) => bodies(all).includes('through a WebSocket'));
    assert.ok(bodies(events).includes('through a WebSocket'));
    await consumer.close();
  });

  await check('a large event arrives, a larger one is refused', async () => {
    const body = Buffer.alloc(900 * 1024, 7);
    await producer.sendBatch([{ body }], { partitionId: '3' });
    const { lastEnqueuedSequenceNumber } = await producer.getPartitionProperties('3');
    const consumer = makeConsumer();
    const [event] = await receive(consumer, '3', { sequenceNumber: lastEnqueuedSequenceNumber, isInclusive: true }, count(1));
    assert.equal(Buffer.compare(event.body, body), 0);
    await consumer.close();
    await assert.rejects(producer.sendBatch([{ body: Buffer.alloc(2 * 1024 * 1024) }]));
  });

  await check('a rule to send does not let read, a wrong key lets nothing', async () => {
    const allowed = new EventHubProducerClient(sender, quick);
    await allowed.sendBatch([{ body: 'by rule' }], { partitionId: '0' });
    await allowed.close();
    await assert.rejects(receive(new EventHubConsumerClient('$Default', sender, quick), '0', earliestEventPosition, count(1)),
      (error) => [error, ...(error.errors ?? [])].some((each) => each.code === 'UnauthorizedError'));
    const wrong = root.replace(/SharedAccessKey=.*/, 'SharedAccessKey=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=');
    await assert.rejects(new EventHubProducerClient(wrong, hub, quick).getEventHubProperties());
  });

  await check('what is not there is said to be missing', async () => {
    await assert.rejects(new EventHubProducerClient(root, 'nothing', quick).sendBatch([{ body: '' }]));
    await assert.rejects(receive(makeConsumer('nobody'), '0', earliestEventPosition, count(1)),
      { code: 'MessagingEntityNotFoundError' });
  });

  await check('an application of Entra without a role may not send', async () => {
    const robot = new EventHubProducerClient(host, hub, credential(), quick);
    await assert.rejects(robot.sendBatch([{ body: 'no role yet' }]));
    await robot.close();
  });
  await producer.close();
}

async function after() {
  await check('after kill -9 every event is still there, at its place', async () => {
    const consumer = makeConsumer();
    const events = await receive(consumer, '1', earliestEventPosition, count(101));
    assert.deepEqual(bodies(events.slice(0, 100)), [...Array(100).keys()].map((number) => ({ number })));
    assert.equal(events[100].sequenceNumber, 100);
    await consumer.close();
    const producer = makeProducer();
    await producer.sendBatch([{ body: 'goes on' }], { partitionId: '1' });
    assert.equal((await producer.getPartitionProperties('1')).lastEnqueuedSequenceNumber > 100, true);
    await producer.close();
  });

  await check('with a role, an application of Entra sends and reads', async () => {
    const robot = new EventHubProducerClient(host, hub, credential(), quick);
    await robot.sendBatch([{ body: 'by role' }], { partitionId: '0' });
    const { lastEnqueuedSequenceNumber } = await robot.getPartitionProperties('0');
    await robot.close();
    const consumer = new EventHubConsumerClient('$Default', host, hub, credential(), quick);
    const events = await receive(consumer, '0',
      { sequenceNumber: lastEnqueuedSequenceNumber, isInclusive: true }, count(1));
    assert.deepEqual(bodies(events), ['by role']);
    await consumer.close();
  });
}

await (process.argv[2] === 'after' ? after() : before());
finish();
