const isRootOnLinux = process.platform === 'linux' && process.getuid?.() === 0;

/** For `skip` of tests that run containers: false where they can run, otherwise the reason why not. */
export const cannotRunContainers: string | false = isRootOnLinux ? false : 'real nodes need root on Linux';
