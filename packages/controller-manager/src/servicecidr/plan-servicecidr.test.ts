import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { IPAddress, ServiceCIDR } from '@kts/api/types/networking-v1';
import { formatTime } from '@kts/base';

import { containing, overlapping, planServiceCIDR, SERVICE_CIDR_FINALIZER, type Plan } from './plan-servicecidr.ts';

const NOW = Date.UTC(2026, 0, 1);

interface Fields {
  readonly name?: string;
  readonly held?: boolean;
  readonly deletedFor?: number;
  readonly ready?: boolean;
}

function range(
  cidrs: readonly string[],
  { name = 'a', held = true, deletedFor, ready = true }: Fields = {},
): ServiceCIDR {
  return {
    metadata: {
      name,
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: formatTime(NOW),
      ...(held ? { finalizers: [SERVICE_CIDR_FINALIZER] } : {}),
      ...(deletedFor === undefined ? {} : { deletionTimestamp: formatTime(NOW - deletedFor) }),
    },
    spec: { cidrs },
    status: ready
      ? {
          conditions: [
            {
              type: 'Ready',
              status: 'True',
              reason: '',
              message: 'Kubernetes Service CIDR is ready',
              lastTransitionTime: formatTime(NOW),
            },
          ],
        }
      : {},
  };
}

function address(name: string, managed = true): IPAddress {
  return {
    metadata: {
      name,
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: formatTime(NOW),
      labels: {
        'ipaddress.kubernetes.io/ip-family': name.includes(':') ? 'IPv6' : 'IPv4',
        ...(managed ? { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' } : {}),
      },
    },
    spec: { parentRef: { resource: 'services', namespace: 'default', name: 'web' } },
  };
}

function said({ finalizer, condition, requeueAfterMs }: Plan): string {
  const parts = [finalizer, condition && `Ready=${condition.status}`, requeueAfterMs && `in ${requeueAfterMs}`];
  return parts.filter(Boolean).join(', ') || 'nothing';
}

describe('planServiceCIDR', () => {
  const big = range(['10.0.0.0/8'], { name: 'big' });
  for (const [name, serviceCIDR, others, addresses, plan] of [
    ['new', range(['10.0.0.0/24'], { held: false, ready: false }), [], [], 'add, Ready=True'],
    ['as it should be', range(['10.0.0.0/24']), [], [], 'nothing'],
    ['free, just deleted', range(['10.0.0.0/24'], { deletedFor: 4000 }), [], [], 'in 6000'],
    ['free, deleted some time ago', range(['10.0.0.0/24'], { deletedFor: 11_000 }), [], [], 'remove'],
    ['in use', range(['10.0.0.0/24'], { deletedFor: 11_000 }), [], [address('10.0.0.5')], 'Ready=False'],
    ['in use by others', range(['10.0.0.0/24'], { deletedFor: 11_000 }), [], [address('10.0.0.5', false)], 'remove'],
    ['used outside', range(['10.0.0.0/24'], { deletedFor: 11_000 }), [], [address('10.0.1.5')], 'remove'],
    ['its own address', range(['10.0.0.0/24'], { deletedFor: 11_000 }), [], [address('10.0.0.0')], 'remove'],
    ['the broadcast address', range(['10.0.0.0/24'], { deletedFor: 11_000 }), [], [address('10.0.0.255')], 'remove'],
    ['part of another', range(['10.0.0.0/24'], { deletedFor: 11_000 }), [big], [address('10.0.0.5')], 'remove'],
    [
      'half of it part of another',
      range(['10.0.0.0/24', 'fd00::/112'], { deletedFor: 11_000 }),
      [big],
      [address('fd00::5')],
      'Ready=False',
    ],
    [
      'the rest in use elsewhere',
      range(['10.0.0.0/24', 'fd00::/112'], { deletedFor: 11_000 }),
      [big],
      [address('10.0.0.5')],
      'remove',
    ],
  ] as const) {
    it(`${name}: ${plan}`, () => {
      const observed = { serviceCIDR, serviceCIDRs: [serviceCIDR, ...others], addresses, now: NOW };
      assert.equal(said(planServiceCIDR(observed)), plan);
    });
  }
});

describe('ranges and addresses', () => {
  const all = [
    range(['10.0.0.0/16'], { name: 'a' }),
    range(['10.0.1.0/24'], { name: 'b' }),
    range(['fd00::/64'], { name: 'c' }),
  ];
  const names = (found: readonly ServiceCIDR[]): string => found.map(({ metadata }) => metadata.name).join('');
  for (const [cidr, expected] of [
    ['10.0.0.0/8', 'ab'],
    ['10.0.1.128/25', 'ab'],
    ['10.0.2.0/24', 'a'],
    ['192.168.0.0/16', ''],
    ['fd00::/48', 'c'],
  ] as const) {
    it(`${cidr} overlaps ${expected || 'none'}`, () => assert.equal(names(overlapping(range([cidr]), all)), expected));
  }
  for (const [ip, expected] of [
    ['10.0.1.7', 'ab'],
    ['10.0.9.7', 'a'],
    ['10.1.0.0', ''],
    ['10.0.1.0', 'a'],
    ['fd00::ffff', 'c'],
  ] as const) {
    it(`${ip} is of ${expected || 'none'}`, () => assert.equal(names(containing(address(ip), all)), expected));
  }
});
