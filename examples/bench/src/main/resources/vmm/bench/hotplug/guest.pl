# Tells of each disk that comes or goes, the moment that it does: "+NAME SERIAL FIRST-SECTOR" once it has been read,
# "-NAME" once it is gone. Speaks to the kernel itself, for each program that it started would take longer than the
# disk does. Beside it fio may write other disks and check them.
# No modules: there is nothing here but perl itself.
my ($AF_NETLINK, $SOCK_DGRAM, $KOBJECT_UEVENT, $SOL_SOCKET, $SO_RCVBUFFORCE) = (16, 2, 15, 1, 33);
$| = 1;

sub contents {
    my ($file, $size) = @_;
    open(my $in, '<', $file) or return undef;
    my $bytes;
    return sysread($in, $bytes, $size) ? $bytes : undef;
}

sub words {
    my ($text) = @_;
    $text //= '?';
    $text =~ tr/\x21-\x7e//cd;
    return $text eq '' ? '?' : $text;
}

sub serial {
    my ($disk) = @_;
    my $page = contents("/sys/block/$disk/device/vpd_pg80", 256);
    return words(defined $page ? substr($page, 4) : contents("/sys/block/$disk/serial", 64));
}

socket(my $kernel, $AF_NETLINK, $SOCK_DGRAM, $KOBJECT_UEVENT) or die "no events of the kernel's: $!";
setsockopt($kernel, $SOL_SOCKET, $SO_RCVBUFFORCE, pack('i', 16 << 20));
bind($kernel, pack('SSLL', $AF_NETLINK, 0, 0, 1)) or die "no events of the kernel's: $!";
print "listening\n";
while (defined recv($kernel, my $message, 65536, 0)) {
    my %event = map { split /=/, $_, 2 } grep { /=/ } split /\0/, $message;
    my $disk = $event{DEVNAME} // '';
    next unless ($event{SUBSYSTEM} // '') eq 'block' && ($event{DEVTYPE} // '') eq 'disk' && $disk =~ /^[sv]d/;
    if ($event{ACTION} eq 'add') {
        my $sector = contents("/dev/$disk", 512);
        print "+$disk ", serial($disk), ' ', words(defined $sector ? substr($sector, 0, 32) : undef), "\n";
    } elsif ($event{ACTION} eq 'remove') {
        print "-$disk\n";
    }
}
