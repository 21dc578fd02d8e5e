import {
  FieldPath,
  forbidden,
  formatLabelSelector,
  invalid,
  isPortName,
  isPortNumber,
  required,
  type Draft,
  type FieldError,
} from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { checkSupported, invalidEach } from '../field-checks.ts';
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../gen/networking-v1.gen.ts';
import { age } from '../human-duration.ts';
import { checkLegacyCidr, cidrWarnings, parseCidr, type Cidr } from '../ip-address.ts';
import { validateLabelSelector, type LabelSelectorRules } from '../label-validation.ts';

const SPEC = FieldPath.of('spec');
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
const DIRECTIONS = ['Ingress', 'Egress'];

interface PolicyRules extends LabelSelectorRules {
  readonly acceptedCidrs: readonly string[];
}

/**
 * Who may talk to which pods.
 *
 * Mirrors: pkg/registry/networking/networkpolicy, pkg/apis/networking/{v1,validation} (v1.36)
 */
export const networkPolicies = defineResource<NetworkPolicy>('networking.k8s.io/v1', 'networkpolicies', {
  setDefaults: setNetworkPolicyDefaults,
  validate: (policy) => validateNetworkPolicy(policy, { acceptedCidrs: [] }),
  validateUpdate: (policy, old) =>
    validateNetworkPolicy(policy, {
      allowInvalidValues: validateLabelSelector(old.spec?.podSelector, SPEC).length > 0,
      acceptedCidrs: blocksOf(old).flatMap(({ block }) => [block.cidr, ...(block.except ?? [])]),
    }),
  warnings: (policy) =>
    blocksOf(policy).flatMap(({ block, path }) => [
      ...cidrWarnings(block.cidr ?? '', path.child('cidr')),
      ...(block.except ?? []).flatMap((cidr, index) => cidrWarnings(cidr, path.child('except').index(index))),
    ]),
  cells: ({ metadata, spec }, now) => [
    metadata.name,
    formatLabelSelector(spec?.podSelector ?? {}),
    age(metadata.creationTimestamp, now),
  ],
});

function setNetworkPolicyDefaults(policy: Draft<NetworkPolicy>): void {
  const spec = (policy.spec ??= {});
  spec.podSelector ??= {};
  for (const port of [...(spec.ingress ?? []), ...(spec.egress ?? [])].flatMap(({ ports }) => ports ?? [])) {
    port.protocol ??= 'TCP';
  }
  if (spec.policyTypes?.length) return;
  spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
}

function validateNetworkPolicy({ spec }: NetworkPolicy, rules: PolicyRules): FieldError[] {
  const errors = validateLabelSelector(spec.podSelector, SPEC.child('podSelector'), rules);
  for (const [index, { ports = [], from = [] }] of (spec.ingress ?? []).entries()) {
    errors.push(...validateRule(ports, from, 'from', SPEC.child('ingress').index(index), rules));
  }
  for (const [index, { ports = [], to = [] }] of (spec.egress ?? []).entries()) {
    errors.push(...validateRule(ports, to, 'to', SPEC.child('egress').index(index), rules));
  }
  const path = SPEC.child('policyTypes');
  const types = spec.policyTypes ?? [];
  if (types.length > DIRECTIONS.length) {
    return [...errors, invalid(path, types, 'may not specify more than two policyTypes')];
  }
  return [...errors, ...types.flatMap((type, index) => checkSupported(type, DIRECTIONS, path.index(index)))];
}

function validateRule(
  ports: readonly NetworkPolicyPort[],
  peers: readonly NetworkPolicyPeer[],
  peerField: string,
  path: FieldPath,
  rules: PolicyRules,
): FieldError[] {
  return [
    ...ports.flatMap((port, index) => validatePort(port, path.child('ports').index(index))),
    ...peers.flatMap((peer, index) => validatePeer(peer, path.child(peerField).index(index), rules)),
  ];
}

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, path: FieldPath): FieldError[] {
  const errors = protocol === undefined ? [] : checkSupported(protocol, PROTOCOLS, path.child('protocol'));
  const at = path.child('endPort');
  if (typeof port === 'number') {
    errors.push(...invalidEach(path.child('port'), port, isPortNumber(port)));
    if (endPort === undefined) return errors;
    if (endPort < port) errors.push(invalid(at, port, 'must be greater than or equal to `port`'));
    return [...errors, ...invalidEach(at, endPort, isPortNumber(endPort))];
  }
  if (endPort !== undefined) {
    const state = port === undefined ? 'not specified' : 'non-numeric';
    errors.push(invalid(at, endPort, `may not be specified when \`port\` is ${state}`));
  }
  return port === undefined ? errors : [...errors, ...invalidEach(path.child('port'), port, isPortName(port))];
}

function validatePeer(peer: NetworkPolicyPeer, path: FieldPath, rules: PolicyRules): FieldError[] {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  const errors = [
    ...validateLabelSelector(podSelector, path.child('podSelector'), rules),
    ...validateLabelSelector(namespaceSelector, path.child('namespaceSelector'), rules),
    ...(ipBlock ? validateBlock(ipBlock, path.child('ipBlock'), rules) : []),
  ];
  if (!podSelector && !namespaceSelector && !ipBlock) errors.push(required(path, 'must specify a peer'));
  else if (ipBlock && (podSelector || namespaceSelector)) {
    errors.push(forbidden(path, 'may not specify both ipBlock and another peer'));
  }
  return errors;
}

function validateBlock({ cidr, except = [] }: IPBlock, path: FieldPath, { acceptedCidrs }: PolicyRules): FieldError[] {
  if (!cidr) return [required(path.child('cidr'))];
  const errors = checkLegacyCidr(cidr, path.child('cidr'), acceptedCidrs);
  const block = parseCidr(cidr);
  if (!block) return errors;
  for (const [index, text] of except.entries()) {
    const at = path.child('except').index(index);
    errors.push(...checkLegacyCidr(text, at, acceptedCidrs));
    const inner = parseCidr(text);
    if (inner && !isStrictSubset(inner, block)) {
      errors.push(invalid(at, text, 'must be a strict subset of `cidr`'));
    }
  }
  return errors;
}

function isStrictSubset(inner: Cidr, outer: Cidr): boolean {
  if (inner.address.family !== outer.address.family || inner.prefixLength <= outer.prefixLength) return false;
  const shift = BigInt((inner.address.family === 'IPv4' ? 32 : 128) - outer.prefixLength);
  return inner.address.value >> shift === outer.address.value >> shift;
}

function blocksOf({ spec }: NetworkPolicy): { readonly block: IPBlock; readonly path: FieldPath }[] {
  const pick = (peers: readonly NetworkPolicyPeer[] | undefined, path: FieldPath) =>
    (peers ?? []).flatMap(({ ipBlock }, index) =>
      ipBlock ? [{ block: ipBlock, path: path.index(index).child('ipBlock') }] : [],
    );
  return [
    ...(spec.ingress ?? []).flatMap(({ from }, i) => pick(from, SPEC.child('ingress').index(i).child('from'))),
    ...(spec.egress ?? []).flatMap(({ to }, i) => pick(to, SPEC.child('egress').index(i).child('to'))),
  ];
}
