import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';

import { applyMergePatch, type JsonObject } from '@kts/apimachinery';

import {
  configurationSettings,
  parseConfiguration,
  withAbsolutePaths,
  type ConfigurationSettings,
} from './kubelet-configuration.ts';

const DROP_IN_EXTENSION = '.conf';

/** What to say about the files once there is a log. */
export interface ConfigurationFromFiles extends ConfigurationSettings {
  readonly warnings: readonly string[];
}

/**
 * Reads `--config` and, over it, the drop-ins of `--config-dir` in the order of their names.
 *
 * Mirrors: cmd/kubelet/app/server.go, mergeKubeletConfigurations; pkg/kubelet/kubeletconfig (v1.36)
 */
export function readConfiguration(files: {
  readonly file?: string;
  readonly directory?: string;
}): ConfigurationFromFiles {
  const warnings: string[] = [];
  let merged: JsonObject = {};
  const read = (path: string, what: string): JsonObject => {
    try {
      const { object, warnings: found } = parseConfiguration(readFileSync(path, 'utf8'));
      if (found.length > 0) warnings.push(`${path}: strict decoding error: ${found.join(', ')}`);
      return object;
    } catch (error) {
      throw new Error(`failed to load ${what} ${JSON.stringify(path)}: ${(error as Error).message}`, { cause: error });
    }
  };
  if (files.file !== undefined) {
    merged = withAbsolutePaths(read(files.file, 'kubelet config file'), dirname(resolve(files.file)));
  }
  for (const path of files.directory === undefined ? [] : filesBelow(files.directory)) {
    if (extname(path) === DROP_IN_EXTENSION) {
      merged = applyMergePatch(merged, read(path, 'kubelet drop-in config file')) as JsonObject;
    } else warnings.push(`${path}: ignored, because its name does not end in ${DROP_IN_EXTENSION}`);
  }
  return { ...configurationSettings(merged), warnings };
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    });
}
