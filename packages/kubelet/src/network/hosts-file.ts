import type { HostAlias } from '@kts/api/types/core-v1';
import type { PodHostname } from './pod-hostname.ts';

const HEADER = '# Kubernetes-managed hosts file.\n';
const HOST_NETWORK_HEADER = '# Kubernetes-managed hosts file (host network).\n';
const FIXED =
  '127.0.0.1\tlocalhost\n' +
  '::1\tlocalhost ip6-localhost ip6-loopback\n' +
  'fe00::0\tip6-localnet\n' +
  'fe00::0\tip6-mcastprefix\n' +
  'fe00::1\tip6-allnodes\n' +
  'fe00::2\tip6-allrouters\n';

/**
 * The /etc/hosts of a pod with a network of its own.
 *
 * Mirrors: pkg/kubelet/kubelet_pods.go, managedHostsFileContent (v1.36)
 */
export function podHostsFile(
  ips: readonly string[],
  { hostname, domain }: PodHostname,
  aliases: readonly HostAlias[] = [],
): string {
  const names = domain === '' ? hostname : `${hostname}.${domain}\t${hostname}`;
  return HEADER + FIXED + ips.map((ip) => `${ip}\t${names}\n`).join('') + aliasLines(aliases);
}

/** The /etc/hosts of a pod in the node's network: the node's own, with the pod's aliases. */
export function hostNetworkHostsFile(nodeFile: string, aliases: readonly HostAlias[] = []): string {
  return HOST_NETWORK_HEADER + nodeFile + aliasLines(aliases);
}

function aliasLines(aliases: readonly HostAlias[]): string {
  if (aliases.length === 0) return '';
  const lines = aliases.map((alias) => `${alias.ip}\t${(alias.hostnames ?? []).join('\t')}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join('')}`;
}
