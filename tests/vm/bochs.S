/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An option ROM that boots Linux in Bochs by its PVH entry: reads the kernel, as
 * it lies in memory, and the initramfs from the first disk and jumps. A boot
 * loader would have the emulated machine decompress the kernel, for a minute.
 *
 * Given by the assembler's command line: rom and rom_size, memory (its size),
 * kernel and initramfs with their chunks (of 64 KiB), initramfs_size, entry; and
 * the file 'cmdline'.
 */

	.set	chunk, 128		/* sectors to a disk command */
	.set	stack, 0x8000
	.set	start_info, 0x10000	/* the kernel writes to it, so not in ROM */

	/* The BIOS calls the ROM once it has set the machine up */
	.code16
	.byte	0x55, 0xaa
	.byte	rom_size / 512
	cli
	inb	$0x92, %al		/* A20 */
	orb	$2, %al
	outb	%al, $0x92
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	gdtr - rom
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$8, $protected

	.code32
protected:
	movl	$16, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$stack, %esp
	cld
	xorl	%ebx, %ebx
	movl	$kernel, %edi
	movl	$kernel_chunks, %ebp
	call	read
	movl	$initramfs, %edi
	movl	$initramfs_chunks, %ebp
	call	read
	movl	$info, %esi
	movl	$start_info, %edi
	movl	%edi, %ebx
	movl	$info_end - info, %ecx
	rep movsb
	movl	$entry, %eax
	jmp	*%eax

	/* Reads ebp chunks from sector ebx on to edi; moves ebx and edi on */
read:
	movw	$0x1f2, %dx
	movb	$chunk, %al
	outb	%al, %dx
	incw	%dx
	movl	%ebx, %eax
	outb	%al, %dx
	incw	%dx
	shrl	$8, %eax
	outb	%al, %dx
	incw	%dx
	shrl	$8, %eax
	outb	%al, %dx
	incw	%dx
	movb	%ah, %al
	orb	$0xe0, %al		/* master, LBA */
	outb	%al, %dx
	incw	%dx
	movb	$0x20, %al		/* READ SECTORS */
	outb	%al, %dx
	movl	$chunk, %esi
1:	movw	$0x1f7, %dx
2:	inb	%dx, %al
	andb	$0x88, %al		/* not BSY, but DRQ */
	cmpb	$0x08, %al
	jne	2b
	movw	$0x1f0, %dx
	movl	$256, %ecx
	rep insw
	decl	%esi
	jnz	1b
	addl	$chunk, %ebx
	decl	%ebp
	jnz	read
	ret

	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* flat code */
	.quad	0x00cf93000000ffff	/* flat data */
gdtr:
	.word	gdtr - gdt - 1
	.long	gdt

	/* struct hvm_start_info */
	.balign	8
info:
	.long	0x336ec578, 1, 0, 1
	.quad	module, cmdline, 0, map
	.long	(map_end - map) / 24, 0
info_end:

	/* struct hvm_modlist_entry */
module:
	.quad	initramfs, initramfs_size, 0, 0

	/* struct hvm_memmap_table_entry; the BIOS has its ACPI tables at the top */
	.macro	range start, size, type
	.quad	\start, \size
	.long	\type, 0
	.endm
map:
	range	0, 0x9f000, 1
	range	0xf0000, 0x10000, 2
	range	0x100000, memory-0x110000, 1
	range	memory-0x10000, 0x10000, 3
map_end:

cmdline:
	.incbin	"cmdline"
	.byte	0

	/* The last byte becomes the checksum */
	.org	rom_size
