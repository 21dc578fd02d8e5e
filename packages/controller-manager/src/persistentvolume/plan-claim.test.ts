import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { PersistentVolumeClaimSpec } from '@kts/api/types/core-v1';
import type { StorageClass } from '@kts/api/types/storage-v1';

import { podOn } from '../nodes/testing/node-objects.ts';
import { BIND_COMPLETED, BOUND_BY_CONTROLLER, planClaim, type ClaimPlan, type ObservedClaim } from './plan-claim.ts';
import { claim, storageClass, volume, type VolumeFields } from './testing/volume-objects.ts';

function summary(plan: ClaimPlan): string {
  switch (plan.do) {
    case 'bind':
      return `bind ${plan.volume.metadata.name}`;
    case 'set class':
      return `set class ${plan.className}`;
    case 'ask':
      return `ask ${plan.provisioner}`;
    case 'wait':
    case 'lose':
    case 'tell':
    case 'fail':
      return plan.event ? `${plan.do} ${plan.event.reason}` : plan.do;
  }
}

interface Row {
  readonly name: string;
  readonly spec?: PersistentVolumeClaimSpec;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly volumes?: readonly VolumeFields[];
  readonly classes?: readonly StorageClass[];
  readonly pods?: ObservedClaim['pods'];
  readonly plan: string;
}

const bound = { [BIND_COMPLETED]: 'yes' };
const slow = { spec: { storageClassName: 'slow' } } as const;
const late = storageClass('slow', { volumeBindingMode: 'WaitForFirstConsumer' });
const rows: readonly Row[] = [
  {
    name: 'the smallest',
    volumes: [
      { name: 'a', size: '9Gi' },
      { name: 'b', size: '2Gi' },
    ],
    plan: 'bind b',
  },
  { name: 'none is large enough', volumes: [{ name: 'a', size: '1Mi' }], plan: 'wait FailedBinding' },
  { name: 'another class', volumes: [{ name: 'a', className: 'slow' }], plan: 'wait FailedBinding' },
  { name: "somebody else's", volumes: [{ name: 'a', claimName: 'other' }], plan: 'wait FailedBinding' },
  { name: 'prepared for it', volumes: [{ name: 'a' }, { name: 'b', size: '9Gi', claimName: 'data' }], plan: 'bind b' },
  {
    name: 'fewer modes first',
    volumes: [
      { name: 'a', modes: ['ReadWriteOnce', 'ReadOnlyMany'] },
      { name: 'b', size: '9Gi' },
    ],
    plan: 'bind b',
  },
  { name: 'another mode', volumes: [{ name: 'a', modes: ['ReadOnlyMany'] }], plan: 'wait FailedBinding' },
  { name: 'the default class', classes: [storageClass('slow'), storageClass('std', {}, true)], plan: 'set class std' },
  {
    name: 'no class on purpose',
    spec: { storageClassName: '' },
    classes: [storageClass('std', {}, true)],
    plan: 'wait FailedBinding',
  },
  { name: 'no such class', ...slow, plan: 'tell ProvisioningFailed' },
  { name: 'a provisioner', ...slow, classes: [storageClass('slow')], plan: 'ask csi.test' },
  {
    name: 'a former plugin',
    ...slow,
    classes: [storageClass('slow', { provisioner: 'kubernetes.io/aws-ebs' })],
    plan: 'ask ebs.csi.aws.com',
  },
  {
    name: 'no provisioner',
    ...slow,
    classes: [storageClass('slow', { provisioner: 'kubernetes.io/no-provisioner' })],
    plan: 'tell ProvisioningFailed',
  },
  {
    name: 'no consumer yet',
    ...slow,
    classes: [late],
    volumes: [{ name: 'a', className: 'slow' }],
    plan: 'wait WaitForFirstConsumer',
  },
  {
    name: 'a consumer without a node',
    ...slow,
    classes: [late],
    pods: [podOn({ name: 'web' })],
    plan: 'wait WaitForPodScheduled',
  },
  {
    name: 'the node is chosen',
    ...slow,
    classes: [late],
    annotations: { 'volume.kubernetes.io/selected-node': 'one' },
    plan: 'ask csi.test',
  },
  { name: 'by name', spec: { volumeName: 'a' }, volumes: [{ name: 'a' }], plan: 'bind a' },
  { name: 'by a name that is not there', spec: { volumeName: 'a' }, plan: 'wait' },
  {
    name: 'by name, but it will not do',
    spec: { volumeName: 'a' },
    volumes: [{ name: 'a', size: '1Mi' }],
    plan: 'wait VolumeMismatch',
  },
  {
    name: 'by name, but it is taken',
    spec: { volumeName: 'a' },
    volumes: [{ name: 'a', claimName: 'other' }],
    plan: 'wait FailedBinding',
  },
  {
    name: 'bound by us, but it is taken',
    spec: { volumeName: 'a' },
    annotations: { [BOUND_BY_CONTROLLER]: 'yes' },
    volumes: [{ name: 'a', claimName: 'other' }],
    plan: 'fail FailedBinding',
  },
  {
    name: 'bound',
    spec: { volumeName: 'a' },
    annotations: bound,
    volumes: [{ name: 'a', claimName: 'data', claimUid: 'uid-data' }],
    plan: 'bind a',
  },
  { name: 'bound to nothing', spec: { volumeName: 'a' }, annotations: bound, plan: 'lose ClaimLost' },
  {
    name: 'bound to another one',
    spec: { volumeName: 'a' },
    annotations: bound,
    volumes: [{ name: 'a', claimName: 'data', claimUid: 'uid-former' }],
    plan: 'lose ClaimMisbound',
  },
];

describe('planClaim', () => {
  for (const { name, spec, annotations, volumes = [], classes = [], pods = [], plan } of rows) {
    it(`${name}: ${plan}`, () => {
      const observed = { claim: claim(spec, annotations), volumes: volumes.map(volume), classes, pods };
      assert.equal(summary(planClaim(observed)), plan);
    });
  }
});
