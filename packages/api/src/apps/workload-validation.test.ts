import { describe } from 'node:test';
import { testCreation, testStatusUpdate, testUpdate } from '../testing/rule-table.ts';
import { controllerRevisions } from './controllerrevision.ts';
import { daemonSets } from './daemonset.ts';
import { deployments } from './deployment.ts';
import { replicaSets } from './replicaset.ts';
import { statefulSets } from './statefulset.ts';

const labels = { app: 'a' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const spec = { selector: { matchLabels: labels }, template };
const other = { matchLabels: { app: 'b' } };
const deployment = { definition: deployments, base: { spec } };
const replicaSet = { definition: replicaSets, base: { spec } };
const statefulSet = { definition: statefulSets, base: { spec: { ...spec, serviceName: 's' } } };
const daemonSet = { definition: daemonSets, base: { spec } };
const revision = { definition: controllerRevisions, base: { revision: 1, data: { a: 1 } } };
const rolling = (rollingUpdate: object): object => ({ spec: { strategy: { rollingUpdate } } });
const surging = (rollingUpdate: object): object => ({ spec: { updateStrategy: { rollingUpdate } } });
const never = { spec: { template: { spec: { restartPolicy: 'Never' } } } };

describe('deployments', () => {
  testCreation(deployment, [
    ['the least', {}],
    [
      'fewer than none',
      { spec: { replicas: -1 } },
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'no selector',
      { spec: { selector: null } },
      'spec.selector: Required value',
      'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    ],
    [
      'a selector of all',
      { spec: { selector: { matchLabels: null } } },
      'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
    ],
    [
      'another selector',
      { spec: { selector: other } },
      'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    ],
    [
      'an unknown operator',
      { spec: { selector: { matchExpressions: [{ key: 'a', operator: 'x' }] } } },
      'spec.selector.matchExpressions[0].operator: Invalid value: "x": not a valid selector operator',
      'spec.selector: Invalid value: {"matchLabels":{"app":"a"},"matchExpressions":[{"key":"a","operator":"x"}]}: invalid label selector',
    ],
    [
      'pods that end',
      never,
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    [
      'a time to be active',
      { spec: { template: { spec: { activeDeadlineSeconds: 1 } } } },
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
    ],
    [
      'an unknown strategy',
      { spec: { strategy: { type: 'x' } } },
      'spec.strategy: Unsupported value: {"Type":"x","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"',
    ],
    [
      'parameters of another strategy',
      { spec: { strategy: { type: 'Recreate', rollingUpdate: {} } } },
      "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
    ],
    [
      'no progress',
      rolling({ maxSurge: 0, maxUnavailable: 0 }),
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0',
    ],
    [
      'more than all',
      rolling({ maxUnavailable: '101%' }),
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
    ],
    [
      'no number',
      rolling({ maxSurge: 'x', maxUnavailable: 1 }),
      `spec.strategy.rollingUpdate.maxSurge: Invalid value: "x": a valid percent string must be a numeric string followed by an ending '%'`,
    ],
    [
      'below zero',
      rolling({ maxSurge: -1, maxUnavailable: 1 }),
      'spec.strategy.rollingUpdate.maxSurge: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'readiness below zero',
      { spec: { minReadySeconds: -1 } },
      'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'history below zero',
      { spec: { revisionHistoryLimit: -1 } },
      'spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'a deadline before readiness',
      { spec: { minReadySeconds: 600 } },
      'spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds',
    ],
    [
      'a deadline below zero',
      { spec: { progressDeadlineSeconds: -1 } },
      'spec.progressDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0',
      'spec.progressDeadlineSeconds: Invalid value: -1: must be greater than minReadySeconds',
    ],
  ]);
});

describe('changes of deployments', () => {
  testUpdate(deployment, [
    ['more of them', { spec: { replicas: 2 } }],
    [
      'another selector',
      { spec: { selector: other, template: { metadata: { labels: { app: 'b' } } } } },
      'spec.selector: Invalid value: {"matchLabels":{"app":"b"}}: field is immutable',
    ],
  ]);
});

describe('status of deployments', () => {
  testStatusUpdate(deployment, [
    [
      'counts below zero',
      {
        status: {
          replicas: -1,
          updatedReplicas: -1,
          readyReplicas: -1,
          availableReplicas: -1,
          unavailableReplicas: -1,
          terminatingReplicas: -1,
        },
      },
      'status.replicas: Invalid value: -1: must be greater than or equal to 0',
      'status.updatedReplicas: Invalid value: -1: must be greater than or equal to 0',
      'status.readyReplicas: Invalid value: -1: must be greater than or equal to 0',
      'status.availableReplicas: Invalid value: -1: must be greater than or equal to 0',
      'status.unavailableReplicas: Invalid value: -1: must be greater than or equal to 0',
      'status.terminatingReplicas: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'more than there are',
      { status: { replicas: 1, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 } },
      'status.updatedReplicas: Invalid value: 2: cannot be greater than status.replicas',
      'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 2: cannot be greater than status.replicas',
    ],
    [
      'available but not ready',
      { status: { replicas: 2, availableReplicas: 2, readyReplicas: 1 } },
      'status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas',
    ],
    [
      'no collisions',
      { status: { collisionCount: -1 } },
      'status.collisionCount: Invalid value: -1: must be greater than or equal to 0',
    ],
  ]);
});

describe('replica sets', () => {
  testCreation(replicaSet, [
    ['the least', {}],
    [
      'fewer than none',
      { spec: { replicas: -1, minReadySeconds: -1 } },
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'no selector',
      { spec: { selector: null } },
      'spec.selector: Required value',
      'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    ],
    [
      'a selector of all',
      { spec: { selector: { matchLabels: null } } },
      'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
    ],
    [
      'another selector',
      { spec: { selector: other } },
      'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    ],
    [
      'pods that end',
      never,
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
  ]);
});

describe('changes of replica sets', () => {
  testUpdate(replicaSet, [
    [
      'another selector',
      { spec: { selector: other, template: { metadata: { labels: { app: 'b' } } } } },
      'spec.selector: Invalid value: {"matchLabels":{"app":"b"}}: field is immutable',
    ],
  ]);
});

describe('status of replica sets', () => {
  testStatusUpdate(replicaSet, [
    [
      'counts below zero',
      {
        status: {
          replicas: -1,
          fullyLabeledReplicas: -1,
          readyReplicas: -1,
          availableReplicas: -1,
          observedGeneration: -1,
          terminatingReplicas: -1,
        },
      },
      'status.replicas: Invalid value: -1: must be greater than or equal to 0',
      'status.fullyLabeledReplicas: Invalid value: -1: must be greater than or equal to 0',
      'status.readyReplicas: Invalid value: -1: must be greater than or equal to 0',
      'status.availableReplicas: Invalid value: -1: must be greater than or equal to 0',
      'status.observedGeneration: Invalid value: -1: must be greater than or equal to 0',
      'status.terminatingReplicas: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'more than there are',
      { status: { replicas: 1, fullyLabeledReplicas: 2, readyReplicas: 2, availableReplicas: 2 } },
      'status.fullyLabeledReplicas: Invalid value: 2: cannot be greater than status.replicas',
      'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 2: cannot be greater than status.replicas',
    ],
    [
      'available but not ready',
      { status: { replicas: 2, availableReplicas: 2, readyReplicas: 1 } },
      'status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas',
    ],
  ]);
});

describe('stateful sets', () => {
  testCreation(statefulSet, [
    ['the least', {}],
    [
      'an unknown order',
      { spec: { podManagementPolicy: 'x' } },
      `spec.podManagementPolicy: Invalid value: "x": must be 'OrderedReady' or 'Parallel'`,
    ],
    [
      'an unknown strategy',
      { spec: { updateStrategy: { type: 'x' } } },
      `spec.updateStrategy: Invalid value: {"Type":"x","RollingUpdate":null}: must be 'RollingUpdate' or 'OnDelete'`,
    ],
    [
      'parameters of another strategy',
      { spec: { updateStrategy: { type: 'OnDelete', rollingUpdate: {} } } },
      `spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":0,"MaxUnavailable":null}: only allowed for updateStrategy 'RollingUpdate'`,
    ],
    [
      'a partition below zero',
      surging({ partition: -1 }),
      'spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0',
    ],
    ['unavailable beyond all', surging({ maxUnavailable: '101%' })],
    ['none unavailable', surging({ maxUnavailable: 0 })],
    [
      'an unknown retention',
      { spec: { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'x', whenScaled: 'y' } } },
      'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "x": supported values: "Retain", "Delete"',
      'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "y": supported values: "Retain", "Delete"',
    ],
    [
      'ordinals below zero',
      { spec: { ordinals: { start: -1 } } },
      'spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'counts below zero',
      { spec: { replicas: -1, minReadySeconds: -1 } },
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
    ],
    ['history below zero', { spec: { revisionHistoryLimit: -1 } }],
    [
      'no selector',
      { spec: { selector: null } },
      'spec.selector: Required value',
      'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    ],
    [
      'a selector of all',
      { spec: { selector: { matchLabels: null } } },
      'spec.selector: Invalid value: {}: empty selector is invalid for statefulset',
    ],
    [
      'another selector',
      { spec: { selector: other } },
      'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    ],
    [
      'pods that end',
      never,
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    [
      'a time to be active',
      { spec: { template: { spec: { activeDeadlineSeconds: 1 } } } },
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported',
    ],
    [
      'a bad name of a service',
      { spec: { serviceName: 'A' } },
      `spec.serviceName: Invalid value: "A": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character`,
    ],
  ]);
});

describe('changes of stateful sets', () => {
  testUpdate(statefulSet, [
    [
      'what may change',
      {
        spec: {
          replicas: 2,
          minReadySeconds: 1,
          revisionHistoryLimit: 1,
          ordinals: { start: 1 },
          updateStrategy: { type: 'OnDelete' },
          persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' },
        },
      },
      `spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":0,"MaxUnavailable":null}: only allowed for updateStrategy 'RollingUpdate'`,
    ],
    [
      'another service',
      { spec: { serviceName: 't' } },
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ],
    [
      'another order',
      { spec: { podManagementPolicy: 'Parallel' } },
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ],
    [
      'another selector',
      { spec: { selector: other, template: { metadata: { labels: { app: 'b' } } } } },
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ],
  ]);
});

describe('status of stateful sets', () => {
  testStatusUpdate(statefulSet, [
    [
      'counts below zero',
      {
        status: {
          replicas: -1,
          readyReplicas: -1,
          currentReplicas: -1,
          updatedReplicas: -1,
          observedGeneration: -1,
          collisionCount: -1,
          availableReplicas: -1,
        },
      },
      'status.replicas: Invalid value: -1: must be greater than or equal to 0',
      'status.readyReplicas: Invalid value: -1: must be greater than or equal to 0',
      'status.currentReplicas: Invalid value: -1: must be greater than or equal to 0',
      'status.updatedReplicas: Invalid value: -1: must be greater than or equal to 0',
      'status.availableReplicas: Invalid value: -1: must be greater than or equal to 0',
      'status.observedGeneration: Invalid value: -1: must be greater than or equal to 0',
      'status.collisionCount: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'more than there are',
      { status: { replicas: 1, readyReplicas: 2, currentReplicas: 2, updatedReplicas: 2, availableReplicas: 2 } },
      'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
      'status.currentReplicas: Invalid value: 2: cannot be greater than status.replicas',
      'status.updatedReplicas: Invalid value: 2: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 2: cannot be greater than status.replicas',
    ],
    [
      'available but not ready',
      { status: { replicas: 2, readyReplicas: 1, availableReplicas: 2 } },
      'status.availableReplicas: Invalid value: 2: cannot be greater than status.readyReplicas',
    ],
  ]);
});

describe('daemon sets', () => {
  testCreation(daemonSet, [
    ['the least', {}],
    [
      'no selector',
      { spec: { selector: null } },
      'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    ],
    [
      'a selector of all',
      { spec: { selector: { matchLabels: null } } },
      'spec.selector: Invalid value: {}: empty selector is invalid for daemonset',
    ],
    [
      'another selector',
      { spec: { selector: other } },
      'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    ],
    [
      'pods that end',
      never,
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    [
      'a time to be active',
      { spec: { template: { spec: { activeDeadlineSeconds: 1 } } } },
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported',
    ],
    [
      'an unknown strategy',
      { spec: { updateStrategy: { type: 'x' } } },
      'spec.updateStrategy: Unsupported value: {"Type":"x","RollingUpdate":null}: supported values: "RollingUpdate", "OnDelete"',
    ],
    [
      'neither more nor fewer',
      surging({ maxSurge: 0, maxUnavailable: 0 }),
      'spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0',
    ],
    [
      'more and fewer',
      surging({ maxSurge: 1, maxUnavailable: 1 }),
      'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero',
    ],
    [
      'no numbers',
      surging({ maxSurge: 'x', maxUnavailable: '-1%' }),
      `spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "-1%": a valid percent string must be a numeric string followed by an ending '%'`,
      `spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: "x": a valid percent string must be a numeric string followed by an ending '%'`,
      'spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0',
    ],
    [
      'readiness below zero',
      { spec: { minReadySeconds: -1 } },
      'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'history below zero',
      { spec: { revisionHistoryLimit: -1 } },
      'spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
    ],
  ]);
});

describe('changes of daemon sets', () => {
  testUpdate(daemonSet, [
    [
      'another selector',
      { spec: { selector: other, template: { metadata: { labels: { app: 'b' } } } } },
      'spec.selector: Invalid value: {"matchLabels":{"app":"b"}}: field is immutable',
    ],
  ]);
});

describe('status of daemon sets', () => {
  testStatusUpdate(daemonSet, [
    [
      'counts below zero',
      {
        status: {
          currentNumberScheduled: -1,
          numberMisscheduled: -1,
          desiredNumberScheduled: -1,
          numberReady: -1,
          observedGeneration: -1,
          updatedNumberScheduled: -1,
          numberAvailable: -1,
          numberUnavailable: -1,
          collisionCount: -1,
        },
      },
      'status.currentNumberScheduled: Invalid value: -1: must be greater than or equal to 0',
      'status.numberMisscheduled: Invalid value: -1: must be greater than or equal to 0',
      'status.desiredNumberScheduled: Invalid value: -1: must be greater than or equal to 0',
      'status.numberReady: Invalid value: -1: must be greater than or equal to 0',
      'status.observedGeneration: Invalid value: -1: must be greater than or equal to 0',
      'status.updatedNumberScheduled: Invalid value: -1: must be greater than or equal to 0',
      'status.numberAvailable: Invalid value: -1: must be greater than or equal to 0',
      'status.numberUnavailable: Invalid value: -1: must be greater than or equal to 0',
      'status.collisionCount: Invalid value: -1: must be greater than or equal to 0',
    ],
  ]);
});

describe('controller revisions', () => {
  testCreation(revision, [
    ['the least', {}],
    ['no data', { data: null }, 'data: Required value: data is mandatory'],
    ['a number below zero', { revision: -1 }, 'revision: Invalid value: -1: must be greater than or equal to 0'],
  ]);
});

describe('changes of controller revisions', () => {
  testUpdate(revision, [
    ['another number', { revision: 2 }],
    ['other data', { data: { a: 2 } }, 'data: Invalid value: {"a":2}: field is immutable'],
  ]);
});
