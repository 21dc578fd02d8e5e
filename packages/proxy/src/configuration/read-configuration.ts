import { readFileSync } from 'node:fs';

import type { ProxyFlags } from '../command-line.ts';
import { parseConfiguration, type ParsedConfiguration } from './parse-configuration.ts';
import { validateConfiguration } from './validate-configuration.ts';

/**
 * The settings of the file or of the flags. Throws if they cannot be read or make no sense.
 *
 * Mirrors: cmd/kube-proxy/app/options.go (v1.36): a file makes all flags but `--hostname-override` meaningless
 */
export function readConfiguration(flags: ProxyFlags): ParsedConfiguration {
  const { configuration, warnings } =
    flags.configFile === undefined ? { configuration: flags.configuration, warnings: [] } : readFile(flags.configFile);
  const errors = validateConfiguration(configuration).map(({ field, message }) => `${field}: ${message}`);
  if (errors.length > 0) throw new Error(errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`);
  const { hostnameOverride = configuration.hostnameOverride } = flags;
  return { configuration: { ...configuration, hostnameOverride }, warnings };
}

function readFile(path: string): ParsedConfiguration {
  try {
    return parseConfiguration(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`failed to load ${path}: ${(error as Error).message}`, { cause: error });
  }
}
