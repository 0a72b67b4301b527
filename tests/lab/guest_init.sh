#!/bin/busybox sh
# First program in the lab's guest: loads the drivers, lays a writable layer over the host's files, runs the tests there.
# The words in capitals are filled in by run.py. Kernel messages go to ttyS0 (a file on the host), the tests' output to ttyS1.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
stty -F /dev/ttyS1 raw
exec </dev/null >/dev/ttyS1 2>&1

give_up() { echo "lab: $1"; poweroff -f; }

while read -r module options; do
    insmod "/modules/$module.ko" $options || give_up "cannot load $module"
done </modules/order

mkdir -p /lower /rw /root
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 host /lower || give_up "no host files"
mount -t tmpfs -o size=50% tmpfs /rw
mkdir /rw/upper /rw/work
mount -t overlay -o lowerdir=/lower,upperdir=/rw/upper,workdir=/rw/work overlay /root || give_up "no overlay"
for name in proc sys dev; do
    mkdir -p /root/$name
    mount --move /$name /root/$name
done
mkdir -p /root/dev/pts /root/dev/shm /root/mnt/lab-out /root/bin
mount -t devpts devpts /root/dev/pts
mount -t tmpfs tmpfs /root/dev/shm
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 out /root/mnt/lab-out || give_up "no folder for results"
ifconfig lo 127.0.0.1 2>/dev/null
hostname lab
cp /tests.sh /root/mnt/lab-tests.sh
exec switch_root /root /bin/sh /mnt/lab-tests.sh
