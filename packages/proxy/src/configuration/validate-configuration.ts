/** Mirrors: pkg/proxy/apis/config/validation/validation.go (v1.36), for the settings of nftables. */
import { isIP } from 'node:net';

import { durationToMs, FieldPath, invalid, notSupported, type FieldError } from '@kts/apimachinery';
import { parseCidr } from '@kts/api';

import { LOCAL_MODES, PRIMARY_ADDRESSES, type ProxyConfiguration } from './proxy-configuration.ts';

const root = FieldPath.of('KubeProxyConfiguration');

export function validateConfiguration(config: ProxyConfiguration): readonly FieldError[] {
  return [
    ...inRange(root.child('KubeProxyNFTablesConfiguration', 'MasqueradeBit'), config.nftables.masqueradeBit, 0, 31),
    ...validateConntrack(config),
    ...inRange(root.child('KubeProxyLinuxConfiguration', 'OOMScoreAdj'), config.oomScoreAdj, -1000, 1000),
    ...validateMode(config.mode),
    ...validatePeriods(config),
    ...validateAddress('BindAddress', config.bindAddress),
    ...(config.healthzBindAddress ? validateHostPort('HealthzBindAddress', config.healthzBindAddress) : []),
    ...(config.metricsBindAddress ? validateHostPort('MetricsBindAddress', config.metricsBindAddress) : []),
    ...validateNodePortAddresses(config.nodePortAddresses),
    ...validateDetectLocal(config),
  ];
}

function inRange(path: FieldPath, value: number, least: number, most: number): readonly FieldError[] {
  return value < least || value > most ? [invalid(path, value, `must be within the range [${least}, ${most}]`)] : [];
}

function validateConntrack({ conntrack }: ProxyConfiguration): readonly FieldError[] {
  const path = root.child('KubeProxyLinuxConfiguration', 'KubeProxyConntrackConfiguration');
  const { tcpBeLiberal: _switch, ...numbers } = conntrack;
  return Object.entries(numbers)
    .filter(([, value]) => (typeof value === 'string' ? durationToMs(value) : value) < 0)
    .map(([name, value]) => invalid(path.child(goName(name)), value, 'must be greater than or equal to 0'));
}

function goName(name: string): string {
  return name.replace(/^(tcp|udp)/, (protocol) => protocol.toUpperCase()).replace(/^[a-z]/, (c) => c.toUpperCase());
}

function validateMode(mode: string): readonly FieldError[] {
  if (mode === '' || mode === 'nftables') return [];
  return [invalid(root.child('Mode', 'ProxyMode'), mode, 'must be nftables or blank (blank means nftables)')];
}

function validatePeriods({ nftables, configSyncPeriod }: ProxyConfiguration): readonly FieldError[] {
  const [sync, least] = [durationToMs(nftables.syncPeriod), durationToMs(nftables.minSyncPeriod)];
  const errors: FieldError[] = [];
  for (const [name, text] of [
    ['ConfigSyncPeriod', configSyncPeriod],
    ['SyncPeriod', nftables.syncPeriod],
  ] as const) {
    if (durationToMs(text) <= 0) errors.push(invalid(root.child(name), text, 'must be greater than 0'));
  }
  if (least < 0) {
    errors.push(invalid(root.child('MinSyncPeriod'), nftables.minSyncPeriod, 'must be greater than or equal to 0'));
  }
  if (least > sync) {
    const text = 'must be greater than or equal to KubeProxyConfiguration.MinSyncPeriod';
    errors.push(invalid(root.child('SyncPeriod'), nftables.minSyncPeriod, text));
  }
  return errors;
}

function validateAddress(name: string, address: string): readonly FieldError[] {
  if (isIP(address)) return [];
  return [invalid(root.child(name), address, 'not a valid textual representation of an IP address')];
}

function validateHostPort(name: string, text: string): readonly FieldError[] {
  const path = root.child(name);
  const [, bracketed, plain, port = ''] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) return [invalid(path, text, 'must be IP:port')];
  const isPort = /^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
  return [
    ...(isIP(host) ? [] : [invalid(path, host, 'must be a valid IP')]),
    ...(isPort ? [] : [invalid(path, port, 'must be a valid port')]),
  ];
}

function validateNodePortAddresses(addresses: readonly string[]): readonly FieldError[] {
  const path = root.child('NodePortAddresses');
  const primary = addresses.indexOf(PRIMARY_ADDRESSES);
  const ranges = primary < 0 ? addresses : addresses.slice(0, primary);
  return [
    ...ranges.flatMap((range, index) =>
      parseCidr(range) ? [] : [invalid(path.index(index), range, 'must be a valid CIDR')],
    ),
    ...(primary >= 0 && addresses.length > 1
      ? [invalid(path.index(primary), PRIMARY_ADDRESSES, "can't use both 'primary' and CIDRs")]
      : []),
  ];
}

function validateDetectLocal({ detectLocalMode, detectLocal, clusterCIDR }: ProxyConfiguration): readonly FieldError[] {
  const modes = [...LOCAL_MODES, ''];
  if (!modes.includes(detectLocalMode)) {
    return [notSupported(root.child('DetectLocalMode'), detectLocalMode, modes)];
  }
  const path = root.child('DetectLocalConfiguration');
  const nonEmpty = (name: string, value: string): readonly FieldError[] =>
    value === '' ? [invalid(path.child(name), value, 'must not be empty')] : [];
  switch (detectLocalMode) {
    case 'BridgeInterface':
      return nonEmpty('InterfaceName', detectLocal.bridgeInterface);
    case 'InterfaceNamePrefix':
      return nonEmpty('InterfacePrefix', detectLocal.interfaceNamePrefix);
    case 'NodeCIDR':
      return [];
    default:
      return clusterCIDR === '' ? [] : validateClusterCidrs(clusterCIDR.split(','), path.child('ClusterCIDRs'));
  }
}

const PAIR = 'must be a either a single CIDR or dual-stack pair of CIDRs (e.g. [10.100.0.0/16, fde4:8dba:82e1::/48]';

function validateClusterCidrs(ranges: readonly string[], path: FieldPath): readonly FieldError[] {
  if (ranges.length > 2) return [invalid(path, ranges, PAIR)];
  const errors = ranges.flatMap((range, index) =>
    parseCidr(range)
      ? []
      : [invalid(path.index(index), range, 'must be a valid CIDR block (e.g. 10.100.0.0/16 or fde4:8dba:82e1::/48)')],
  );
  const isOneFamily = ranges.length === 2 && ranges[0]!.includes(':') === ranges[1]!.includes(':');
  return errors.length === 0 && isOneFamily ? [invalid(path, ranges, PAIR)] : errors;
}
