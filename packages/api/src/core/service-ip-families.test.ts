import { deepEqual } from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServiceSpec } from '../gen/core-v1.gen.ts';
import { initIpFamilies } from './service-ip-families.ts';

type Family = 'IPv4' | 'IPv6';
interface Row {
  readonly name: string;
  readonly spec: ServiceSpec;
  readonly old?: ServiceSpec;
  readonly families?: readonly Family[];
  /** Policy and families, or what is wrong. */
  readonly result: readonly string[];
}

const DUAL: readonly Family[] = ['IPv4', 'IPv6'];
const dual = "must be 'RequireDualStack' or 'PreferDualStack' when multiple";
const selector = { app: 'a' };
const headless: ServiceSpec = { clusterIP: 'None', clusterIPs: ['None'] };
const one: ServiceSpec = {
  clusterIP: '10.0.0.1',
  clusterIPs: ['10.0.0.1'],
  ipFamilies: ['IPv4'],
  ipFamilyPolicy: 'SingleStack',
};
const two: ServiceSpec = {
  clusterIP: '10.0.0.1',
  clusterIPs: ['10.0.0.1', 'fd00::1'],
  ipFamilies: ['IPv4', 'IPv6'],
  ipFamilyPolicy: 'PreferDualStack',
};

describe('families of services', () => {
  const rows: readonly Row[] = [
    { name: 'the default one', spec: {}, result: ['SingleStack', 'IPv4'] },
    {
      name: 'the default one of a cluster with both',
      spec: {},
      families: ['IPv6', 'IPv4'],
      result: ['SingleStack', 'IPv6'],
    },
    { name: 'none for names elsewhere', spec: { type: 'ExternalName' }, result: [''] },
    { name: 'as many as there are', spec: { ipFamilyPolicy: 'PreferDualStack' }, result: ['PreferDualStack', 'IPv4'] },
    {
      name: 'both where there are both',
      spec: { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6'] },
      families: DUAL,
      result: ['PreferDualStack', 'IPv6', 'IPv4'],
    },
    {
      name: 'both where there is one',
      spec: { ipFamilyPolicy: 'RequireDualStack' },
      result: [
        'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
      ],
    },
    {
      name: 'one that is not there',
      spec: { ipFamilies: ['IPv6'] },
      result: ['spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'],
    },
    {
      name: 'an address of one that is not there',
      spec: { clusterIP: 'fd00::1', clusterIPs: ['fd00::1'] },
      result: ['spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster'],
    },
    {
      name: 'that of the address',
      spec: { clusterIP: 'fd00::1', clusterIPs: ['fd00::1'] },
      families: DUAL,
      result: ['SingleStack', 'IPv6'],
    },
    {
      name: 'two with a policy of one',
      spec: { ...two, ipFamilyPolicy: 'SingleStack' },
      families: DUAL,
      result: [
        `spec.ipFamilyPolicy: Invalid value: "SingleStack": ${dual} cluster IPs are specified`,
        `spec.ipFamilyPolicy: Invalid value: "SingleStack": ${dual} IP families are specified`,
      ],
    },
    {
      name: 'both for headless services of somebody else',
      spec: headless,
      result: ['RequireDualStack', 'IPv4', 'IPv6'],
    },
    { name: 'one for headless services with pods', spec: { ...headless, selector }, result: ['SingleStack', 'IPv4'] },
    {
      name: 'one for headless services that want one',
      spec: { ...headless, ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv6'] },
      result: ['SingleStack', 'IPv6'],
    },
    {
      name: 'addresses that contradict each other',
      spec: { clusterIPs: ['10.0.0.1'] },
      result: ['spec.clusterIPs: Invalid value: ["10.0.0.1"]: must be empty when `clusterIP` is not specified'],
    },
    {
      name: 'the policy from before',
      families: DUAL,
      spec: { ...two, ipFamilyPolicy: undefined! },
      old: two,
      result: ['PreferDualStack', 'IPv4', 'IPv6'],
    },
    {
      name: 'one instead of two',
      spec: { ...two, ipFamilyPolicy: 'SingleStack' },
      old: two,
      result: ['SingleStack', 'IPv4'],
    },
    {
      name: 'one less without saying so',
      spec: { ...one, ipFamilyPolicy: 'PreferDualStack' },
      old: two,
      families: DUAL,
      result: [
        'spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be \'SingleStack\' to release the secondary cluster IP',
        'spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be \'SingleStack\' to release the secondary IP family',
      ],
    },
    {
      name: 'two instead of one',
      spec: { ...one, ipFamilyPolicy: 'RequireDualStack' },
      old: one,
      families: DUAL,
      result: ['RequireDualStack', 'IPv4', 'IPv6'],
    },
    {
      name: 'what a service that takes either has, whatever the cluster gains',
      spec: { ...one, ipFamilyPolicy: 'PreferDualStack' },
      old: { ...one, ipFamilyPolicy: 'PreferDualStack' },
      families: DUAL,
      result: ['PreferDualStack', 'IPv4'],
    },
  ];
  const single: readonly Family[] = ['IPv4'];
  for (const { name, spec, old, families = single, result } of rows) {
    it(name, () => {
      const draft = structuredClone({ type: 'ClusterIP', ...spec }) as never;
      const errors = initIpFamilies(draft, old && { type: 'ClusterIP', ...old }, families);
      const { ipFamilyPolicy = '', ipFamilies } = draft as ServiceSpec;
      const found = errors.map(({ field, message }) => `${field}: ${message}`);
      deepEqual(errors.length > 0 ? found : [ipFamilyPolicy, ...(ipFamilies ?? [])], result);
    });
  }
});
