import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { PersistentVolume, Pod } from '@kts/api/types/core-v1';
import type { VolumeAttachment } from '@kts/api/types/storage-v1';

import { node, podOn } from '../nodes/testing/node-objects.ts';
import {
  allowsMultiAttach,
  attachmentName,
  attachmentsOf,
  isPodTerminated,
  type Attachment,
  type VolumeCaches,
} from './attachable-volumes.ts';
import {
  planAttachment,
  type AttachmentMemory,
  type AttachmentPlan,
  type ObservedAttachment,
} from './plan-attachment.ts';

const NOW = 1_000_000;
const { metadata } = podOn({ name: 'v' });

function volume(
  accessModes: readonly ('ReadWriteOnce' | 'ReadWriteMany' | 'ReadOnlyMany')[] = ['ReadWriteOnce'],
): PersistentVolume {
  return {
    metadata: { ...metadata, name: 'v' },
    spec: { accessModes, csi: { driver: 'csi.test', volumeHandle: 'h' }, claimRef: { uid: 'uid-c' } },
  };
}

const attachment = (modes?: Parameters<typeof volume>[0]): Attachment => ({
  name: 'csi-x',
  driver: 'csi.test',
  handle: 'h',
  node: 'one',
  volume: volume(modes),
});

const object = (status: VolumeAttachment['status'], isDeleted = false): VolumeAttachment => ({
  metadata: { ...metadata, ...(isDeleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
  spec: { attacher: 'csi.test', nodeName: 'one', source: { persistentVolumeName: 'v' } },
  ...(status ? { status } : {}),
});

const web = podOn({ name: 'web', node: 'one' });
const attached = object({ attached: true });
const waiting = object({ attached: false });
const inUse = (base = node({ ready: 'True' })): typeof base => ({
  ...base,
  status: { ...base.status, volumesInUse: ['kubernetes.io/csi/csi.test^h'] },
});

function said(plan: AttachmentPlan): string {
  if (plan.do === 'wait') return plan.requeueAfterMs === undefined ? 'wait' : `wait ${plan.requeueAfterMs}`;
  if (plan.do === 'fail') return `fail to ${plan.step}: ${plan.message}`;
  if (plan.do === 'detach') return plan.unchecked ? 'detach unchecked' : 'detach';
  return plan.do === 'conflict' ? plan.messages.map(({ text }) => text).join('; ') : plan.do;
}

describe('planAttachment', () => {
  const plan = (fields: Partial<ObservedAttachment>, memory: AttachmentMemory = {}): string =>
    said(
      planAttachment({
        attachment: attachment(),
        object: undefined,
        pods: [web],
        node: node({ ready: 'True' }),
        elsewhere: [],
        memory,
        disableForceDetach: false,
        now: NOW,
        ...fields,
      }),
    );
  const none = { pods: [] };
  const other = podOn({ name: 'other', node: 'two' });
  const foreign: Pod = { ...other, metadata: { ...other.metadata, namespace: 'elsewhere' } };
  const used = (...pods: readonly Pod[]): Partial<ObservedAttachment> => ({ elsewhere: [{ isChanging: false, pods }] });
  const multi = 'Multi-Attach error for volume "v" Volume is already';
  const silent = inUse(node({ ready: 'Unknown' }));
  const outOfService = inUse(node({ taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] }));
  for (const [name, actual, expected] of [
    ['wanted', plan({}), 'attach'],
    ['wanted, asked for by somebody', plan({ object: waiting }), 'attach'],
    ['wanted, attached', plan({ object: attached }), 'nothing'],
    ['wanted again', plan({ object: attached }, { unwantedSince: 1 }), 'wait'],
    ['wanted, used elsewhere', plan(used(other)), `${multi} used by pod(s) other`],
    ['wanted, used in other namespaces', plan(used(foreign)), `${multi} used by 1 pod(s) in different namespaces`],
    [
      'wanted, used in several',
      plan(used(other, foreign)),
      `${multi} used by pod(s) other and 1 pod(s) in different namespaces`,
    ],
    [
      'wanted, held elsewhere',
      plan(used()),
      `${multi} exclusively attached to one node and can't be attached to another`,
    ],
    ['wanted, on its way elsewhere', plan({ elsewhere: [{ isChanging: true, pods: [other] }] }), 'nothing'],
    ['said before', plan(used(other), { isConflictTold: true }), 'nothing'],
    ['used elsewhere, shared', plan({ ...used(other), attachment: attachment(['ReadWriteMany']) }), 'attach'],
    ['asked, not seen yet', plan({}, { attaching: NOW }), 'wait 120000'],
    ['asked, no answer yet', plan({ object: waiting }, { attaching: NOW - 20_000 }), 'wait 100000'],
    ['asked, and not wanted any more', plan({ ...none, object: waiting }, { attaching: NOW - 20_000 }), 'wait 100000'],
    ['answered', plan({ object: attached }, { attaching: NOW }), 'attached'],
    [
      'refused',
      plan({ object: object({ attached: false, attachError: { message: 'no room' } }) }, { attaching: NOW }),
      'fail to attach: no room',
    ],
    [
      'deleted by somebody',
      plan({}, { attaching: NOW, isSeen: true }),
      'fail to attach: volume attachment has been deleted',
    ],
    [
      'being deleted by somebody',
      plan({ object: object({ attached: false }, true) }, { attaching: NOW }),
      'fail to attach: volume attachment is being deleted',
    ],
    [
      'no answer at all',
      plan({ object: waiting }, { attaching: NOW - 120_000 }),
      'fail to attach: timed out waiting for external-attacher of csi.test CSI driver to attach volume h',
    ],
    ['failed just now', plan({ object: waiting }, { failures: 1, retryAt: NOW + 500 }), 'wait 500'],
    ['failed a while ago', plan({ object: waiting }, { failures: 1, retryAt: NOW }), 'attach'],
    ['failed, and then attached', plan({ object: attached }, { failures: 1, retryAt: NOW }), 'attached'],
    ['unwanted', plan({ ...none, object: attached }), 'detach'],
    ['unwanted, nothing there', plan(none), 'forget'],
    ['unwanted, still mounted', plan({ ...none, object: attached, node: inUse() }), 'wait 360000'],
    [
      'mounted for long on a good node',
      plan({ ...none, object: attached, node: inUse() }, { unwantedSince: NOW - 400_000 }),
      'wait',
    ],
    [
      'mounted for long on a silent node',
      plan({ ...none, object: attached, node: silent }, { unwantedSince: NOW - 360_000 }),
      'detach unchecked',
    ],
    [
      'the same, never to be forced',
      plan({ ...none, object: attached, node: silent, disableForceDetach: true }, { unwantedSince: NOW - 360_000 }),
      'wait',
    ],
    ['mounted on a node out of service', plan({ ...none, object: attached, node: outOfService }), 'detach unchecked'],
    ['unwanted, the node is gone', plan({ ...none, object: attached, node: undefined }), 'detach'],
    ['being deleted by somebody, unwanted', plan({ ...none, object: object({ attached: true }, true) }), 'wait'],
    ['detaching', plan({ ...none, object: attached }, { detaching: NOW - 20_000 }), 'wait 100000'],
    ['detached', plan(none, { detaching: NOW }), 'forget'],
    [
      'cannot be detached',
      plan({ ...none, object: object({ attached: true, detachError: { message: 'busy' } }) }, { detaching: NOW }),
      'fail to detach: busy',
    ],
  ] as const) {
    it(`${name}: ${expected}`, () => assert.equal(actual, expected));
  }
});

describe('attachmentsOf', () => {
  const claim = {
    metadata: { ...metadata, name: 'c', uid: 'uid-c' },
    spec: { volumeName: 'v' },
    status: { phase: 'Bound' },
  } as const;
  const caches: VolumeCaches = { claim: () => claim, volume: () => volume(), driver: () => undefined };
  const pod = (volumes: Pod['spec']['volumes'], at: string | undefined = 'one'): Pod => {
    const base = podOn({ name: 'web', ...(at ? { node: at } : {}) });
    return { ...base, spec: { ...base.spec, ...(volumes ? { volumes } : {}) } };
  };
  const named = [{ name: 'd', persistentVolumeClaim: { claimName: 'c' } }];
  const names = (each: Pod, more: Partial<VolumeCaches> = {}): number =>
    attachmentsOf(each, { ...caches, ...more }).length;
  for (const [name, actual, expected] of [
    ['a bound claim', names(pod(named)), 1],
    ['no node', names(pod(named, '')), 0],
    ['another kind of volume', names(pod([{ name: 'd', emptyDir: {} }])), 0],
    ['no such claim', names(pod(named), { claim: () => undefined }), 0],
    ['a claim that waits', names(pod(named), { claim: () => ({ ...claim, status: { phase: 'Pending' } }) }), 0],
    [
      "another claim's volume",
      names(pod(named), { claim: () => ({ ...claim, metadata: { ...claim.metadata, uid: 'x' } }) }),
      0,
    ],
    [
      'a volume of no driver',
      names(pod(named), { volume: () => ({ ...volume(), spec: { claimRef: { uid: 'uid-c' } } }) }),
      0,
    ],
    [
      'a driver that needs none',
      names(pod(named), { driver: () => ({ metadata, spec: { attachRequired: false } }) }),
      0,
    ],
    ['a driver that needs it', names(pod(named), { driver: () => ({ metadata, spec: { attachRequired: true } }) }), 1],
    ["somebody's ephemeral claim", names(pod([{ name: 'd', ephemeral: {} }])), 0],
  ] as const) {
    it(`${name}: ${expected}`, () => assert.equal(actual, expected));
  }

  it('is called after volume, driver and node', () =>
    assert.equal(
      attachmentName('csi.test', 'h', 'one'),
      'csi-281e88271ec411857ee7201de3cfaa933ab9fd7e0184266e1938b4771ba8e530',
    ));
});

describe('allowsMultiAttach', () => {
  for (const [modes, expected] of [
    [[], true],
    [['ReadWriteOnce'], false],
    [['ReadWriteOnce', 'ReadOnlyMany'], true],
    [['ReadWriteMany'], true],
  ] as const) {
    it(`${modes.join() || 'unknown'}: ${expected}`, () => assert.equal(allowsMultiAttach(volume(modes)), expected));
  }
});

describe('isPodTerminated', () => {
  const running = { state: { running: {} } };
  const stopped = { state: { terminated: { exitCode: 0 } } };
  const status = (state: object): Pod['status'] => ({
    phase: 'Running',
    containerStatuses: [{ name: 'main', image: '', imageID: '', ready: true, restartCount: 0, ...state }],
  });
  for (const [name, pod, expected] of [
    ['running', web, false],
    ['ended', podOn({ name: 'w', phase: 'Failed' }), true],
    ['deleted, running', { ...podOn({ name: 'w', isDeleted: true }), status: status(running) }, false],
    ['deleted, stopped', { ...podOn({ name: 'w', isDeleted: true }), status: status(stopped) }, true],
    ['stopped, to be started again', { ...web, status: status(stopped) }, false],
  ] as readonly (readonly [string, Pod, boolean])[]) {
    it(`${name}: ${expected}`, () => assert.equal(isPodTerminated(pod), expected));
  }
});
