import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cluster, hinted, node, pod, verdicts, type PodOptions } from '../testing/index.ts';
import { nodeDeclaredFeatures } from './node-declared-features.ts';

const MISMATCH = "node(s) didn't match Pod's required features";
const RESTART_ALL = 'RestartAllContainersOnContainerExits';
const HOST_USERS = 'UserNamespacesHostNetworkSupport';

const restartsAll: PodOptions = {
  container: { restartPolicyRules: [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [1] } }] },
};
const hostUsers: PodOptions = { hostNetwork: true, hostUsers: false };

describe('NodeDeclaredFeatures', () => {
  const nodes = [
    node('old'),
    node('new', { status: { declaredFeatures: [RESTART_ALL, HOST_USERS] } }),
    node('half', { status: { declaredFeatures: [RESTART_ALL] } }),
  ];
  const cases: readonly (readonly [name: string, pod: PodOptions, expected: Readonly<Record<string, string>>])[] = [
    ['nothing special', {}, { old: 'fits', new: 'fits', half: 'fits' }],
    ['restarting all containers', restartsAll, { old: MISMATCH, new: 'fits', half: 'fits' }],
    ['user namespaces on the host network', hostUsers, { old: MISMATCH, new: 'fits', half: MISMATCH }],
    ['the host network alone', { hostNetwork: true }, { old: 'fits', new: 'fits', half: 'fits' }],
    ['both', { ...restartsAll, ...hostUsers }, { old: MISMATCH, new: 'fits', half: MISMATCH }],
  ];
  for (const [name, wanted, expected] of cases) {
    it(name, () => assert.deepEqual(verdicts(nodeDeclaredFeatures, pod('p', wanted), cluster({ nodes })), expected));
  }

  it('tries again when features come, or the pod needs others', () => {
    const waiting = pod('p', restartsAll);
    assert.equal(hinted(nodeDeclaredFeatures, 'Node/Add', waiting, { after: node('x') }), true);
    const [before, after] = [node('old'), nodes[1]!];
    assert.equal(hinted(nodeDeclaredFeatures, 'Node/UpdateDeclaredFeatures', waiting, { before, after }), true);
    assert.equal(
      hinted(nodeDeclaredFeatures, 'Node/UpdateDeclaredFeatures', waiting, { before, after: before }),
      false,
    );
    assert.equal(hinted(nodeDeclaredFeatures, 'Pod/Update', waiting, { before: waiting, after: pod('p') }), true);
    assert.equal(hinted(nodeDeclaredFeatures, 'Pod/Update', waiting, { before: waiting, after: waiting }), false);
    assert.equal(
      hinted(nodeDeclaredFeatures, 'Pod/Update', waiting, { before: pod('q', restartsAll), after: pod('q') }),
      false,
    );
  });
});
