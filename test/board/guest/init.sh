#!/bin/busybox sh
# The first process of the guest: modules, file systems, then the tests, then off.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do
  insmod "/modules/$module.ko" || echo "init: no module $module"
done </modules/list
mount -t configfs config /sys/kernel/config
mount -t tracefs trace /sys/kernel/tracing
ifconfig lo 127.0.0.1 up
tries=0
until [ -b /dev/vda ] || [ "$tries" -ge 100 ]; do
  usleep 50000
  tries=$((tries + 1))
done
mount -t ext4 -o ro /dev/vda /board || echo 'init: no root image'
for folder in app dev sys; do mount --rbind "/$folder" "/board/$folder"; done
mount -t proc proc /board/proc
mount -t tmpfs tmp /board/tmp
read -r uptime _ </proc/uptime
echo "init: ready after $uptime s, $(uname -r)"
# An agent that is started again finds its code compiled, as far as that can be kept.
export HOME=/tmp TMPDIR=/tmp TEST_UNTIL_MS=15000 NODE_COMPILE_CACHE=/tmp/compiled
part=$(sed -n 's/.*qn\.part=\([a-z-]*\).*/\1/p' /proc/cmdline)
chroot /board /opt/node --expose-gc /app/guest.cjs "$part"
echo "init: tests ended with $?"
poweroff -f
