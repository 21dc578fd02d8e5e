import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { seededRandom } from '@kts/base';
import { FakeClock } from '@kts/base/testing';

import type { ContainerStatus, RuntimeService } from '../gen/cri.gen.ts';
import { AddressPool } from './address-pool.ts';
import { behaviourOf } from './simulated-behaviour.ts';
import { createSimulatedRuntime } from './simulated-runtime.ts';

interface Started {
  readonly clock: FakeClock;
  readonly runtime: RuntimeService;
  readonly sandbox: string;
  readonly container: string;
  readonly status: () => Promise<ContainerStatus>;
}

async function start(
  command: readonly string[],
  annotations: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Started> {
  const clock = new FakeClock();
  const pool = new AddressPool('10.244.0.0/24');
  const { runtime } = createSimulatedRuntime({
    clock,
    random: seededRandom(1),
    addresses: pool,
    ...(signal ? { signal } : {}),
  });
  const { podSandboxId: sandbox } = await runtime.runPodSandbox({ config: { annotations, labels: { app: 'web' } } });
  const { containerId: container } = await runtime.createContainer({
    podSandboxId: sandbox,
    config: { metadata: { name: 'main' }, image: { image: 'example.com/app:1' }, command },
  });
  await runtime.startContainer({ containerId: container });
  const status = async (): Promise<ContainerStatus> =>
    (await runtime.containerStatus({ containerId: container })).status!;
  return { clock, runtime, sandbox, container, status };
}

describe('simulated runtime', () => {
  it('a container runs until it is stopped', async () => {
    const { clock, runtime, container, status } = await start(['serve']);
    await clock.advance(3_600_000);
    assert.equal((await status()).state, 'CONTAINER_RUNNING');
    await runtime.stopContainer({ containerId: container, timeout: 30 });
    assert.deepEqual([(await status()).state, (await status()).exitCode], ['CONTAINER_EXITED', 0]);
  });

  it('waits for no container once the machine is gone', async () => {
    const machine = new AbortController();
    const { clock, status } = await start(['sleep', '5'], {}, machine.signal);
    machine.abort();
    await clock.advance(10_000);
    assert.equal((await status()).state, 'CONTAINER_RUNNING');
  });

  it('a container that ends does so at its time, with its code', async () => {
    const { clock, status } = await start(['sleep', '5'], {
      'simulated.kts.dev/exit-after': '7s',
      'simulated.kts.dev/exit-code': '3',
    });
    await clock.advance(6_999);
    assert.equal((await status()).state, 'CONTAINER_RUNNING');
    await clock.advance(1);
    const { state, exitCode, reason, startedAt, finishedAt } = await status();
    assert.deepEqual([state, exitCode, reason, (finishedAt - startedAt) / 1e9], ['CONTAINER_EXITED', 3, 'Error', 7]);
  });

  it('one that stops too slowly is killed when the grace period is over', async () => {
    const { clock, runtime, container, status } = await start([], { 'simulated.kts.dev/stop-after': '60s' });
    const stopping = runtime.stopContainer({ containerId: container, timeout: 30 });
    await clock.advance(30_000);
    await stopping;
    assert.equal((await status()).exitCode, 137);
  });

  it('stopping a sandbox ends its containers and frees its address', async () => {
    const { runtime, sandbox, status } = await start([]);
    assert.equal((await runtime.podSandboxStatus({ podSandboxId: sandbox })).status?.network?.ip, '10.244.0.2');
    await runtime.stopPodSandbox({ podSandboxId: sandbox });
    assert.equal((await status()).state, 'CONTAINER_EXITED');
    const { items } = await runtime.listPodSandbox({ filter: { state: { state: 'SANDBOX_READY' } } });
    assert.deepEqual(items, []);
  });

  it('uses what annotations say, and those of now rather than those it was started with', async () => {
    const clock = new FakeClock();
    const annotations = new Map<string, Record<string, string>>();
    const addresses = new AddressPool('10.244.0.0/24');
    const { runtime, used } = createSimulatedRuntime({
      clock,
      random: seededRandom(1),
      addresses,
      annotations: () => annotations,
    });
    const metadata = { uid: 'u1', name: 'web', namespace: 'default' };
    const config = { metadata, annotations: { 'simulated.kts.dev/cpu': '500m', 'simulated.kts.dev/memory': '1Mi' } };
    const { podSandboxId } = await runtime.runPodSandbox({ config });
    const { containerId } = await runtime.createContainer({ podSandboxId, config: { metadata: { name: 'main' } } });
    await runtime.startContainer({ containerId });
    const look = async (): Promise<readonly (number | undefined)[]> => {
      const [stats] = (await runtime.listContainerStats({})).stats;
      return [stats?.cpu?.usageCoreNanoSeconds?.value, stats?.memory?.workingSetBytes?.value];
    };
    await clock.advance(2000);
    assert.deepEqual(await look(), [1e9, 1024 ** 2]);
    annotations.set('u1', { 'simulated.kts.dev/cpu': '2', 'simulated.kts.dev/memory': '2Mi' });
    await clock.advance(1000);
    assert.deepEqual(await look(), [3e9, 2 * 1024 ** 2]);
    assert.ok(used.cpuNanoSeconds() > 3e9);
    await runtime.stopContainer({ containerId });
    assert.deepEqual((await runtime.listContainerStats({})).stats, []);
  });

  it('lists by label', async () => {
    const { runtime } = await start([]);
    assert.equal((await runtime.listPodSandbox({ filter: { labelSelector: { app: 'web' } } })).items.length, 1);
    assert.equal((await runtime.listPodSandbox({ filter: { labelSelector: { app: 'db' } } })).items.length, 0);
  });

  it('what does not exist is NotFound', async () => {
    const { runtime } = await start([]);
    await assert.rejects(runtime.containerStatus({ containerId: 'none' }), { name: 'GrpcError', code: 'NotFound' });
  });

  it('an image that is told to fail cannot be pulled', async () => {
    const { images } = createSimulatedRuntime({
      clock: new FakeClock(),
      random: seededRandom(1),
      addresses: new AddressPool('10.244.0.0/24'),
    });
    await assert.rejects(
      images.pullImage({ image: { image: 'registry.invalid/x:1' } }),
      /lookup registry\.invalid: no such host/,
    );
    const { imageRef } = await images.pullImage({ image: { image: 'example.com/app:1' } });
    assert.equal((await images.imageStatus({ image: { image: 'example.com/app:1' } })).image?.id, imageRef);
  });
});

describe('behaviourOf', () => {
  const rows: [command: readonly string[], exitAfterMs: number | undefined, exitCode: number][] = [
    [['sleep', '3'], 3000, 0],
    [['/bin/sleep', '0.5'], 500, 0],
    [['true'], 0, 0],
    [['/bin/false'], 0, 1],
    [['exit', '7'], 0, 7],
    [['sh', '-c', 'sleep 10'], 10_000, 0],
    [['sh', '-c', ' exit 3 '], 0, 3],
    [['sh', '-c', 'sleep 10; exit 3'], undefined, 0],
    [['sleep', 'infinity'], undefined, 0],
    [['nginx'], undefined, 0],
    [[], undefined, 0],
  ];
  for (const [command, exitAfterMs, exitCode] of rows) {
    it(command.join(' ') || '(nothing)', () => {
      const behaviour = behaviourOf('main', command, {});
      assert.deepEqual([behaviour.exitAfterMs, behaviour.exitCode], [exitAfterMs, exitCode]);
    });
  }

  it('an annotation for one container wins over one for all', () => {
    const annotations = { 'simulated.kts.dev/exit-code': '1', 'simulated.kts.dev/exit-code.side': '2' };
    assert.equal(behaviourOf('main', [], annotations).exitCode, 1);
    assert.equal(behaviourOf('side', [], annotations).exitCode, 2);
  });
});

describe('AddressPool', () => {
  it('gives every address once, and again after it was returned', () => {
    const pool = new AddressPool('10.0.0.0/29');
    const all = Array.from({ length: 5 }, () => pool.allocate());
    assert.deepEqual(all, ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
    assert.throws(() => pool.allocate(), /no address is left/);
    pool.release('10.0.0.4');
    assert.equal(pool.allocate(), '10.0.0.4');
  });
});
