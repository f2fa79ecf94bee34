// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/limits.h>

#include "fixture.h"
#include "lab.h"
#include "unit.h"

static const struct lab_facts usual = {
	.target = { .pid = 77, .exists = true, .root = true, .module = true,
		    .may_ask = true, .levels = 4 },
	.info = { .features = TLBSCOPE_FEAT_PGE },
	.absent = -1,
};

static char line[256];

static void check_line(struct lab_facts f, int err, const char *words)
{
	int n = lab_explain_line(line, sizeof(line), &f, err);

	CHECK(n > 0 && n < (int)sizeof(line));
	CHECK(!strchr(line, '\n'));
	if (!strstr(line, words))
		UNIT_FAIL("%d: \"%s\" lacks \"%s\"", err, line, words);
}

TEST(nowhere_to_ask)
{
	check_line(usual, -ENOENT, "try: tlbscope load");
	check_line(usual, -ENODEV, "try: mount -t debugfs none /sys/kernel/debug");
	check_line(usual, -EPROTO, "another version");
}

TEST(no_right)
{
	struct lab_facts f = usual;

	f.target.root = false;
	check_line(f, -EACCES, "run it as root");
	f.target.root = true;
	check_line(f, -EPERM, "CAP_SYS_ADMIN");
	f.target.lockdown = true;
	check_line(f, -EPERM, "locked down");
}

TEST(no_target)
{
	struct lab_facts f = usual;

	check_line(f, -ESRCH, "no longer has the address space");
	f.target.kthread = true;
	check_line(f, -ESRCH, "thread of the kernel");
	/* Who may not make experiments is not helped by becoming root */
	check_line(f, -EACCES, "thread of the kernel");
	f.target.exists = false;
	check_line(f, -ESRCH, "no process 77");
	f.target.pid = TLBSCOPE_KERNEL;
	check_line(f, -EINVAL, "not on the kernel");
}

TEST(method_that_the_CPU_lacks)
{
	struct tlbscope_invalidation what = { .method = TLBSCOPE_INVPCID_CONTEXT };
	struct lab_facts f = usual;

	f.what = &what;
	check_line(f, -EOPNOTSUPP, "invpcid-context cannot be done here: the CPU has no INVPCID");
	what.method = TLBSCOPE_INVLPGB;
	check_line(f, -EOPNOTSUPP, "invlpgb cannot be done here: the CPU has no INVLPGB");
	what.method = TLBSCOPE_IPI;
	what.local = TLBSCOPE_INVPCID_ALL;
	check_line(f, -EOPNOTSUPP, "ipi with invpcid-all cannot be done here: the CPU has no INVPCID");
	what.method = 99;
	check_line(f, -EOPNOTSUPP, "method 99");
	what.method = TLBSCOPE_CR3;
	f.info.features = TLBSCOPE_FEAT_PTI | TLBSCOPE_FEAT_PCID;
	check_line(f, -EOPNOTSUPP, "two tags");
	f.info.features |= TLBSCOPE_FEAT_XENPV;
	check_line(f, -EOPNOTSUPP, "Xen PV");
	f.what = NULL;
	check_line(f, -EOPNOTSUPP, "Xen PV");
}

TEST(requests)
{
	struct lab_facts f = usual;

	check_line(f, -EFAULT, "try: tlbscope ranges 77");
	check_line(f, -E2BIG, "4096 pages, 10000 samples");
	check_line(f, -EINVAL, "multiples of 4096");
	check_line(f, -EINTR, "signal");
	check_line(f, -ENXIO, "went off line");
	f.absent = 5;
	check_line(f, -ENXIO, "CPU 5 is not on line");
}

TEST(which_CPU_is_off_line)
{
	uint64_t mask[2] = { 0 };

	CHECK_EQ(lab_absent_cpu("0-3\n", mask, 2), -1);
	mask[0] = 0xf;
	CHECK_EQ(lab_absent_cpu("0-3\n", mask, 2), -1);
	CHECK_EQ(lab_absent_cpu("0-1,3\n", mask, 2), 2);
	CHECK_EQ(lab_absent_cpu("1-3\n", mask, 2), 0);
	CHECK_EQ(lab_absent_cpu("0\n", mask, 2), 1);
	CHECK_EQ(lab_absent_cpu("\n", mask, 2), 0);
	mask[1] = 1ULL << 36;
	CHECK_EQ(lab_absent_cpu("0-3\n", mask, 2), 100);
	CHECK_EQ(lab_absent_cpu("0-99,101-200\n", mask, 2), 100);
	CHECK_EQ(lab_absent_cpu("0-100\n", mask, 2), -1);
}

static int look_for_debugfs(const char *mounts, char path[PATH_MAX])
{
	int dir = fixture_make("mounts", mounts, strlen(mounts)), err;
	char file[64];

	snprintf(file, sizeof(file), "/proc/self/fd/%d/mounts", dir);
	err = lab_debugfs(file, path);
	fixture_remove(dir, "mounts");
	return err;
}

TEST(where_debugfs_is)
{
	char path[PATH_MAX];

	CHECK_EQ(look_for_debugfs("proc /proc proc rw 0 0\n"
				  "debugfs /sys/kernel/debug debugfs rw 0 0\n", path), 0);
	CHECK_STR(path, "/sys/kernel/debug");
	CHECK_EQ(look_for_debugfs("none /mnt/de\\040bug debugfs rw 0 0\n", path), 0);
	CHECK_STR(path, "/mnt/de bug");
	CHECK_EQ(look_for_debugfs("debugfs /debugfs tmpfs rw 0 0\n", path), -ENODEV);
	CHECK_EQ(look_for_debugfs("", path), -ENODEV);
	CHECK_EQ(lab_debugfs("/no/such/file", path), -ENODEV);
}

TEST(names_of_methods)
{
	unsigned int i;

	for (i = 0; i < TLBSCOPE_METHODS; i++) {
		REQUIRE(tlbscope_method_name(i));
		CHECK_EQ(tlbscope_method_by_name(tlbscope_method_name(i)), i);
	}
	CHECK(!tlbscope_method_name(TLBSCOPE_METHODS));
	CHECK_EQ(tlbscope_method_by_name("nosuch"), -1);
	CHECK_EQ(tlbscope_method_by_name(""), -1);
	CHECK(tlbscope_method_is_by_page(TLBSCOPE_INVLPG));
	CHECK(!tlbscope_method_is_by_page(TLBSCOPE_CR3));
}

TEST(no_lab_of_the_kernel)
{
	struct tlbscope_lab *lab;

	CHECK_EQ(tlbscope_lab_open(&lab, TLBSCOPE_KERNEL), -EINVAL);
	CHECK(!lab);
	tlbscope_lab_close(NULL);
	CHECK(strstr(tlbscope_lab_explain(line, sizeof(line), TLBSCOPE_KERNEL, NULL,
					  -EINVAL), "kernel"));
}

TEST(without_the_module)
{
	struct tlbscope_lab *lab;

	if (!access("/proc/tlbscope", F_OK))
		SKIP("the module is loaded");
	CHECK_EQ(tlbscope_lab_open(&lab, TLBSCOPE_SELF), -ENOENT);
	CHECK(!lab);
}

/* One page of our own, on CPU 0 */
static struct tlbscope_invalidation one_page(const uint64_t *cpus)
{
	static char page[2 * 4096] __attribute__((aligned(4096)));

	page[0] = 1;
	return (struct tlbscope_invalidation) {
		.method = TLBSCOPE_INVLPG,
		.start = (uintptr_t)page,
		.end = (uintptr_t)page + 4096,
		.cpus = (uintptr_t)cpus,
		.cpus_len = 8,
		.initiator = -1,
	};
}

TEST(invalidations)
{
	uint64_t first = 1, absent = 1ULL << 62;
	struct tlbscope_invalidate req = { .what = one_page(&first), .repeat = 7 };
	struct tlbscope_methods methods;
	struct tlbscope_lab *lab;

	if (tlbscope_lab_open(&lab, TLBSCOPE_SELF))
		SKIP("no module, no debugfs or no right");
	CHECK_EQ(tlbscope_methods(lab, &methods), 0);
	CHECK(methods.tsc_khz);
	CHECK(methods.available & 1ULL << TLBSCOPE_INVLPG);
	CHECK_EQ(tlbscope_invalidate(lab, &req), 0);
	CHECK_EQ(req.done, 7);
	CHECK_EQ(req.pages, 1);
	req.repeat = 0;
	CHECK_EQ(tlbscope_invalidate(lab, &req), -EINVAL);
	req.repeat = 1;
	req.what.cpus = (uintptr_t)&absent;
	CHECK_EQ(tlbscope_invalidate(lab, &req), -ENXIO);
	CHECK(strstr(tlbscope_lab_explain(line, sizeof(line), TLBSCOPE_SELF, &req.what,
					  -ENXIO), "CPU 62 is not on line"));
	tlbscope_lab_close(lab);
}

TEST(costs)
{
	uint64_t first = 1;
	struct tlbscope_sample raw[20] = { 0 };
	struct tlbscope_cost_cpu cpu[2] = { 0 };
	struct tlbscope_cost req = {
		.what = one_page(&first), .samples = 20,
		.vec = (uintptr_t)cpu, .vec_len = 2, .raw = (uintptr_t)raw, .raw_len = 20,
	};
	struct tlbscope_lab *lab;

	if (tlbscope_lab_open(&lab, TLBSCOPE_SELF))
		SKIP("no module, no debugfs or no right");
	CHECK_EQ(tlbscope_cost(lab, &req), 0);
	CHECK_EQ(req.filled, 1);
	CHECK_EQ(req.raw_filled, 20);
	CHECK_EQ(req.pages_read, 1);
	CHECK_EQ(cpu[0].invalidation.samples, 20);
	CHECK(raw[19].invalidation && raw[19].stretches == 1);
	tlbscope_lab_close(lab);
}

UNIT_MAIN("lab")
