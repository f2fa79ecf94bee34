# SPDX-License-Identifier: GPL-2.0
#
# tlbscope. "make help" lists what can be made. All output goes to .build/.

O	:= $(CURDIR)/.build
KVER	?= $(shell uname -r)
KDIR	?= /lib/modules/$(KVER)/build
VERSION	:= $(shell sed -n 's/^MODULE_VERSION("\(.*\)");/\1/p' module/main.c)
DKMS	?= dkms

.PHONY: all help module userspace install uninstall dkms dkms-remove \
	demo test bench check clean

all: module userspace

help:
	@echo 'make demo       see it work, in a virtual machine'
	@echo 'make test       all tests, in virtual machines'
	@echo 'make bench      the figures, counted in instructions'
	@echo 'make check      static checks'
	@echo
	@echo 'make            module and tool, for the running kernel, in .build/'
	@echo 'make module     the module; KVER=release or KDIR=path for another kernel'
	@echo 'make userspace  libtlbscope and the tool'
	@echo 'make install    libtlbscope, tool and man pages; PREFIX, DESTDIR'
	@echo 'make dkms       give the module to DKMS, which builds and installs it'
	@echo 'make uninstall, make dkms-remove, make clean'

# The sources are copied, so that no build leaves anything beside them
module:
	@test -d "$(KDIR)" || { echo "no kernel headers in $(KDIR);" \
		"try: apt-get install linux-headers-$(KVER)" >&2; exit 1; }
	@mkdir -p $(O)/module-$(KVER)
	@cp -rpu Kbuild module $(O)/module-$(KVER)/
	$(MAKE) -C $(KDIR) M=$(O)/module-$(KVER) W=1 modules
	@echo "made $(O)/module-$(KVER)/tlbscope.ko"

userspace:
	$(MAKE) -C userspace O=$(O)/userspace

install: userspace
	$(MAKE) -C userspace O=$(O)/userspace install

uninstall:
	$(MAKE) -C userspace O=$(O)/userspace uninstall

# DKMS rebuilds it for each kernel that is installed later
DKMS_SRC := $(DESTDIR)/usr/src/tlbscope-$(VERSION)

dkms:
	install -d $(DKMS_SRC)
	cp -rp dkms.conf Kbuild module $(DKMS_SRC)/
	$(DKMS) add tlbscope/$(VERSION)
	$(DKMS) build tlbscope/$(VERSION) -k $(KVER)
	$(DKMS) install tlbscope/$(VERSION) -k $(KVER)

dkms-remove:
	$(DKMS) remove tlbscope/$(VERSION) --all
	rm -rf $(DKMS_SRC)

demo:
	@tests/demo

test:
	@tests/run

bench:
	@tests/bench/run

check:
	@tests/check

clean:
	rm -rf $(O)
