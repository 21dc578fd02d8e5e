import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { configMaps, events, leases, namespaces } from '@kts/api';
import { ADMIN, startTestApiServer } from '@kts/apiserver/testing';
import { silentLogger } from '@kts/base';
import { FakeClock } from '@kts/base/testing';
import { Client } from '@kts/client';
import { QueueMetrics } from '@kts/controlkit/queue-metrics';

import { createControllerManager, type ControllerManager } from './controller-manager.ts';
import { CONTROLLERS } from './controllers.ts';
import { queueNameOf } from './queue-names.ts';

const LEASE = { namespace: 'kube-system', name: 'kube-controller-manager' };
const TIMES = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2000 };

interface Cluster extends AsyncDisposable {
  readonly client: Client;
  readonly clock: FakeClock;
  /** Starts a copy; the answer stops it. */
  start(identity: string): {
    readonly manager: ControllerManager;
    readonly queueMetrics: QueueMetrics;
    stop(): Promise<void>;
  };
}

async function startCluster(): Promise<Cluster> {
  const clock = new FakeClock();
  const server = await startTestApiServer({ clock, log: silentLogger });
  await server.client.create(namespaces, { metadata: { name: 'kube-system' }, spec: {}, status: {} }).catch(() => {});
  const running: (() => Promise<void>)[] = [];
  return {
    client: server.client,
    clock,
    start: (identity) => {
      const queueMetrics = new QueueMetrics(clock);
      const leaderElection = { ...TIMES, identity, leaseName: LEASE.name, leaseNamespace: LEASE.namespace };
      // Nobody gives out addresses here, so that the second has no work.
      const controllers = ['root-ca-certificate-publisher-controller', 'node-ipam-controller'];
      const config = { controllers, rootCA: 'CA', leaderElection };
      const client = new Client(server.transportFor(ADMIN));
      const deps = { client, clock, random: server.random, log: silentLogger, queueMetrics };
      const manager = createControllerManager(config, deps);
      const stop = new AbortController();
      const done = manager.run(stop.signal);
      const end = async (): Promise<void> => {
        stop.abort();
        await done;
      };
      running.push(end);
      return { manager, queueMetrics, stop: end };
    },
    [Symbol.asyncDispose]: async () => {
      for (const stop of running) await stop();
      await server.close();
    },
  };
}

const isLeading = (manager: ControllerManager): boolean =>
  manager.metrics().includes('leader_election_master_status{name="kube-controller-manager"} 1');

describe('the controller manager', () => {
  it('works while it leads, and another copy takes over when it is gone', async () => {
    await using cluster = await startCluster();
    const one = cluster.start('one');
    await cluster.clock.advance(1000);
    const two = cluster.start('two');
    await cluster.clock.advance(5000);
    assert.deepEqual([isLeading(one.manager), isLeading(two.manager)], [true, false]);
    assert.equal((await cluster.client.get(leases, LEASE)).spec.holderIdentity, 'one');
    const certificate = await cluster.client.get(configMaps, { namespace: 'default', name: 'kube-root-ca.crt' });
    assert.deepEqual(certificate.data, { 'ca.crt': 'CA' });
    await one.stop();
    await cluster.clock.advance(30_000);
    assert.deepEqual([isLeading(one.manager), isLeading(two.manager)], [false, true]);
    const told = (await cluster.client.list(events, { namespace: LEASE.namespace })).items;
    assert.deepEqual(told.map(({ reason, message }) => `${reason}: ${message}`).toSorted(), [
      'LeaderElection: one became leader',
      'LeaderElection: two became leader',
    ]);
  });

  it('tells of its controllers and their queues', async () => {
    await using cluster = await startCluster();
    const { manager, queueMetrics } = cluster.start('one');
    await cluster.clock.advance(5000);
    await manager.ready;
    const name = 'root-ca-certificate-publisher-controller';
    assert.ok(
      manager.metrics().includes(`running_managed_controllers{manager="kube-controller-manager",name="${name}"} 1`),
    );
    assert.deepEqual(
      manager.healthChecks.map((check) => check.name),
      ['leaderElection', name],
    );
    const adds = queueMetrics
      .lines()
      .find((line) => line.startsWith('workqueue_adds_total{name="root_ca_cert_publisher"}'));
    assert.ok(Number(adds?.split(' ')[1]) > 0);
  });
});

describe('queueNameOf', () => {
  it('has no ending that other names do not have', () => {
    for (const { name } of CONTROLLERS) assert.doesNotMatch(queueNameOf(name), /-controller$|_controller$/);
  });
});
