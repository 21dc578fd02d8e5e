import { join } from 'node:path';

import type { KubeletFlags } from '../command-line.ts';
import { DEFAULT_KUBELET_CONFIG, type KubeletConfig } from '../config.ts';
import type { ServingFiles } from '../server/serving-certificate.ts';
import type { ProgramSettings } from './configuration-fields.ts';
import { readConfiguration } from './read-configuration.ts';
import { validateKubeletConfig } from './validate-config.ts';

const RUNTIME_ENDPOINT = 'unix:///run/containerd/containerd.sock';

export interface KubeletSettings {
  readonly config: KubeletConfig;
  /** Path of the runtime's socket. */
  readonly runtimeSocket: string;
  readonly serving: ServingFiles;
  /** Where certificates that were asked for are kept. */
  readonly certificateDirectory: string;
  readonly rotateCertificates: boolean;
  readonly serverTLSBootstrap: boolean;
  /** PEM file of the authority that signs clients' certificates. */
  readonly clientCAFile?: string;
  /** What to say about the configuration once there is a log. */
  readonly warnings: readonly string[];
}

/** All settings: flags count more than files, and files more than `defaults`. Throws if they make no sense together. */
export function kubeletSettings(
  flags: KubeletFlags,
  defaults: Partial<KubeletConfig> & Pick<KubeletConfig, 'nodeName'>,
): KubeletSettings {
  const files = readConfiguration({
    ...(flags.configFile === undefined ? {} : { file: flags.configFile }),
    ...(flags.configDirectory === undefined ? {} : { directory: flags.configDirectory }),
  });
  const config: KubeletConfig = { ...DEFAULT_KUBELET_CONFIG, ...defaults, ...files.config, ...flags.config };
  const problems = validateKubeletConfig(config);
  if (problems.length > 0) throw new Error(problems.join('; '));
  const program: ProgramSettings = { ...files.program, ...flags.program };
  const { tlsCertFile, tlsPrivateKeyFile, clientCAFile, containerRuntimeEndpoint = RUNTIME_ENDPOINT } = program;
  const certificateDirectory = flags.certificateDirectory ?? join(config.rootDirectory, 'pki');
  return {
    config,
    certificateDirectory,
    rotateCertificates: program.rotateCertificates ?? false,
    serverTLSBootstrap: program.serverTLSBootstrap ?? false,
    runtimeSocket: containerRuntimeEndpoint.replace(/^unix:\/\//, ''),
    serving: {
      ...(tlsCertFile === undefined ? {} : { certificate: tlsCertFile }),
      ...(tlsPrivateKeyFile === undefined ? {} : { key: tlsPrivateKeyFile }),
      directory: certificateDirectory,
    },
    ...(clientCAFile === undefined ? {} : { clientCAFile }),
    warnings: files.warnings,
  };
}
