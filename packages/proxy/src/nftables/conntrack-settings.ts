/**
 * Limits of the kernel's connection tracking.
 *
 * Mirrors: pkg/proxy/conntrack/sysctls.go (v1.36)
 * Differs: a setting that the kernel does not take is logged and does not stop the proxy, which works without it.
 */
import { durationToMs } from '@kts/apimachinery';
import type { Logger } from '@kts/base';
import { runCommand } from '@kts/host-linux';

import type { ConntrackConfiguration } from '../configuration/proxy-configuration.ts';

const CONNECTIONS_MAX = 1_048_576;
const PREFIX = 'net.netfilter.nf_conntrack_';

/** Names under `net.netfilter.nf_conntrack_` and their values. */
export function planConntrackSettings(
  configuration: ConntrackConfiguration,
  processors: number,
): ReadonlyMap<string, number> {
  const settings = new Map<string, number>();
  const { maxPerCore, min, tcpBeLiberal } = configuration;
  if (maxPerCore > 0) {
    const scaled = maxPerCore * processors;
    settings.set('max', scaled > CONNECTIONS_MAX ? CONNECTIONS_MAX : Math.max(scaled, min));
  }
  for (const [name, duration] of [
    ['tcp_timeout_established', configuration.tcpEstablishedTimeout],
    ['tcp_timeout_close_wait', configuration.tcpCloseWaitTimeout],
    ['udp_timeout', configuration.udpTimeout],
    ['udp_timeout_stream', configuration.udpStreamTimeout],
  ] as const) {
    const seconds = Math.floor(durationToMs(duration) / 1000);
    if (seconds > 0) settings.set(name, seconds);
  }
  if (tcpBeLiberal) settings.set('tcp_be_liberal', 1);
  return settings;
}

export async function applyConntrackSettings(
  settings: ReadonlyMap<string, number>,
  deps: { readonly networkNamespace: string | undefined; readonly log: Logger },
): Promise<void> {
  if (settings.size === 0) return;
  const pairs = [...settings].map(([name, value]) => `${PREFIX}${name}=${value}`);
  try {
    await runCommand(['sysctl', '-q', '-w', ...pairs], { networkNamespace: deps.networkNamespace });
  } catch (error) {
    deps.log.warn('connection tracking could not be set up as configured', { error });
  }
}
