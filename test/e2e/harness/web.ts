import type { CommandOptions } from './command.ts';
import { succeed } from './command.ts';
import type { TestCluster } from './cluster.ts';

/** What the demo image answers, asked from inside a pod. Not `wget -T`: with it, Debian's static busybox crashes. */
export function fetchFromPod(cluster: TestCluster, pod: string, url: string): Promise<string> {
  return cluster.kubectl(`exec ${pod} -- timeout 5 wget -q -O - ${url}`);
}

/** Runs a program in the network of the cluster's node number `index`, from 1. */
export function onNode(
  cluster: TestCluster,
  index: number,
  command: readonly string[],
  options?: CommandOptions,
): Promise<string> {
  return succeed(['ip', 'netns', 'exec', `kts-${cluster.name}-${index}`, ...command], options);
}
