import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { configMaps, deployments, horizontalPodAutoscalers, horizontalPodAutoscalersV1 } from '@kts/api';
import type { ResourceDefinition } from '@kts/api';
import type { PriorityLevelConfiguration } from '@kts/api/types/flowcontrol-v1';
import { silentLogger, type Metric } from '@kts/base';
import { FakeClock } from '@kts/base/testing';

import { FlowController } from '../flowcontrol/flow-controller.ts';
import { healthRoute } from '../health/health-checks.ts';
import type { ApiServerRequest } from '../request.ts';
import { accessMetrics } from './access-metrics.ts';
import { flowMetrics } from './flow-metrics.ts';
import { healthMetrics } from './health-metrics.ts';
import { storageMetrics } from './storage-metrics.ts';

const valuesOf = (metrics: readonly Metric[]): readonly string[] =>
  metrics.flatMap((metric) => metric.expose().split('\n')).filter((line) => line && !line.startsWith('#'));

describe('flow metrics', () => {
  it('tell what runs, waits and was refused, and for how long', async () => {
    const clock = new FakeClock();
    const { metrics, onWait } = flowMetrics(() => controller.levels);
    const controller = new FlowController({ clock, serverSeats: 1, waitMs: 15_000, onWait });
    const queuing = { queues: 1, handSize: 1, queueLengthLimit: 1 };
    const limited = {
      nominalConcurrencyShares: 1,
      borrowingLimitPercent: 0,
      limitResponse: { type: 'Queue', queuing },
    };
    const level = { metadata: { name: 'l' }, spec: { type: 'Limited', limited } };
    controller.configure([level as unknown as PriorityLevelConfiguration]);
    const flow = { schemaName: 's', schemaUid: '', levelName: 'l', levelUid: '', distinguisher: '' };
    const { signal } = new AbortController();

    const first = controller.tryAdmit(flow, 1);
    const second = controller.admit(flow, 1, signal);
    assert.equal((await controller.admit(flow, 1, signal)).admitted, false);
    const labels = '{priority_level="l",flow_schema="s"}';
    const now = valuesOf(metrics);
    for (const line of [
      'nominal_limit_seats{priority_level="l"} 1',
      'current_limit_seats{priority_level="l"} 1',
      `current_executing_requests${labels} 1`,
      `current_inqueue_requests${labels} 1`,
      `current_inqueue_seats${labels} 1`,
      `dispatched_requests_total${labels} 1`,
      'rejected_requests_total{priority_level="l",flow_schema="s",reason="queue-full"} 1',
    ]) {
      assert.ok(now.includes(`apiserver_flowcontrol_${line}`), line);
    }

    await clock.advance(3000);
    assert.ok(first?.admitted);
    first.release();
    const waited = await second;
    assert.ok(waited.admitted);
    waited.release();
    const later = valuesOf(metrics);
    const wait = 'request_wait_duration_seconds';
    for (const line of [
      `current_executing_requests${labels} 0`,
      `current_inqueue_requests${labels} 0`,
      `dispatched_requests_total${labels} 2`,
      `${wait}_sum{priority_level="l",flow_schema="s",execute="true"} 3`,
      `${wait}_count{priority_level="l",flow_schema="s",execute="true"} 2`,
      `${wait}_count{priority_level="l",flow_schema="s",execute="false"} 1`,
    ]) {
      assert.ok(later.includes(`apiserver_flowcontrol_${line}`), line);
    }
  });
});

describe('storage metrics', () => {
  it('count every stored kind once, by its name and group', () => {
    const definitions = [configMaps, deployments, horizontalPodAutoscalers, horizontalPodAutoscalersV1];
    const counts = [deployments, horizontalPodAutoscalers].map(({ storagePrefix }, index) => [
      storagePrefix,
      index + 1,
    ]);
    const metrics = storageMetrics(
      () => definitions as unknown as ResourceDefinition[],
      () => counts as [string, number][],
    );
    assert.deepEqual(valuesOf(metrics), [
      'apiserver_resource_objects{group="apps",resource="deployments"} 1',
      'apiserver_resource_objects{group="autoscaling",resource="horizontalpodautoscalers"} 2',
      'apiserver_storage_objects{resource="deployments.apps"} 1',
      'apiserver_storage_objects{resource="horizontalpodautoscalers.autoscaling"} 2',
    ]);
  });
});

describe('access metrics', () => {
  it('count attempts, and users by their class', () => {
    const { metrics, onAuthentication, onAuthorization } = accessMetrics();
    for (const name of ['admin', 'jane@example.com', 'system:node:a', undefined]) onAuthentication(name);
    onAuthorization(true);
    onAuthorization(false);
    assert.deepEqual(valuesOf(metrics), [
      'authentication_attempts{result="success"} 3',
      'authentication_attempts{result="error"} 1',
      'authenticated_user_requests{username="admin"} 1',
      'authenticated_user_requests{username="email_id"} 1',
      'authenticated_user_requests{username="other"} 1',
      'authorization_attempts_total{result="allowed"} 1',
      'authorization_attempts_total{result="no-opinion"} 1',
    ]);
  });
});

describe('health metrics', () => {
  it('remember the last result of each check and count them all', async () => {
    const { metrics, onCheck } = healthMetrics(new FakeClock());
    let healthy = true;
    const check = (): Promise<void> => (healthy ? Promise.resolve() : Promise.reject(new Error('down')));
    const route = healthRoute('livez', () => [{ name: 'etcd', check }], silentLogger, onCheck);
    const request = { path: '/livez', query: new URLSearchParams() } as ApiServerRequest;
    await route.handler(request);
    healthy = false;
    await route.handler(request);
    const [start, ...checks] = valuesOf(metrics).toReversed();
    assert.deepEqual(checks.toReversed(), [
      'kubernetes_healthcheck{name="etcd",type="livez"} 0',
      'kubernetes_healthchecks_total{name="etcd",status="success",type="livez"} 1',
      'kubernetes_healthchecks_total{name="etcd",status="error",type="livez"} 1',
    ]);
    assert.match(start!, /^process_start_time_seconds -?[0-9.]+$/);
  });
});
