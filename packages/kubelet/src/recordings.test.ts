import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agreementTable } from './testing/recordings/agreement.ts';
import { differences } from './testing/recordings/compare.ts';
import { play } from './testing/recordings/play.ts';
import { readRecordedNode, readRecordings, recordingsDirectory } from './testing/recordings/recording.ts';

/**
 * Scenarios that differ, and why. In all others, this kubelet makes the same calls, reports the same statuses and sends
 * the same events as the real one.
 */
const DIFFERENT: Readonly<Record<string, string>> = {
  'resize/memory-up-and-down': 'one sync or two follow the change of a spec, by chance: the second reports the failure',
  'resize/sidecar': 'cgroup v1 has a number for no memory limit, which the real kubelet shows to users',
  'resources/overhead': "the pod's cgroup goes with a round of housekeeping, before or after the last status",
  'restart/always-crash-loop': 'the real kubelet stops what it saw running up to a second ago; this one looks anew',
  'static/mirror-deleted': 'when the last status of a mirror is written',
};

const directory = recordingsDirectory() ?? '';

test(
  'a pod is run as the real kubelet runs it',
  { skip: directory === '' && 'there are no recordings in ../shared/oracle-cri' },
  async (t) => {
    const node = readRecordedNode(directory);
    const results = new Map<string, ReturnType<typeof differences>>();
    for (const recording of readRecordings(directory)) {
      results.set(recording.id, differences(recording, await play(recording, node)));
    }
    t.diagnostic(agreementTable(results));
    const different = [...results].filter(([, list]) => list.length > 0).map(([id]) => id);
    assert.deepEqual(
      different.filter((id) => DIFFERENT[id] === undefined),
      [],
    );
  },
);
