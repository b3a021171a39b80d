/** What the card is made of, before the package of the agent comes onto it. */

export const imageCpu = 'arm64';
export const imageSuite = 'trixie';

/** Suites beside the first one. The firmware of processor and radio is not free software. */
export const imageSources = [
  { label: 'Debian', suite: imageSuite, components: 'main non-free-firmware' },
  { label: 'Debian-Security', suite: `${imageSuite}-security`, components: 'main non-free-firmware' },
  { label: 'Debian', suite: `${imageSuite}-updates`, components: 'main non-free-firmware' },
  { label: 'Debian', suite: `${imageSuite}-backports`, components: 'main' },
] as const;

export const imagePackages: readonly string[] = [
  // What a Debian needs to start.
  ...['systemd', 'systemd-sysv', 'udev', 'dbus', 'kmod', 'linux-image-arm64', 'initramfs-tools', 'zstd'],
  // The board: firmware of the processor and of its radio.
  ...['raspi-firmware', 'firmware-brcm80211', 'wireless-regdb'],
  // Network and time.
  ...['wpasupplicant', 'systemd-resolved', 'systemd-timesyncd', 'iproute2', 'iputils-ping', 'iw', 'ca-certificates'],
  // The card: partitions and file systems.
  ...['fdisk', 'e2fsprogs', 'dosfstools'],
  // What the package of the agent depends on.
  ...['adduser', 'libatomic1'],
  // Whoever logs in.
  ...['openssh-server', 'sudo', 'gpiod', 'nano'],
];

/** The partition that every computer can read, MiB: firmware, two kernels while one is updated, and the file to edit. */
export const bootMb = 384;
/** What is free on the root before it has grown, or for good where it is read-only. */
export const freeMb = 256;
