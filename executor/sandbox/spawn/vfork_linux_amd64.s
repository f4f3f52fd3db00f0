#include "textflag.h"

// func rawVforkSyscall(trap, a1, a2, a3, a5 uintptr) (r1, errno uintptr)
TEXT ·rawVforkSyscall(SB),NOSPLIT|NOFRAME,$0-56
	MOVQ	a1+8(FP), DI
	MOVQ	a2+16(FP), SI
	MOVQ	a3+24(FP), DX
	MOVQ	$0, R10
	MOVQ	a5+32(FP), R8
	MOVQ	$0, R9
	MOVQ	trap+0(FP), AX
	POPQ	R12 // the return address, safe from the child
	SYSCALL
	PUSHQ	R12
	CMPQ	AX, $0xfffffffffffff001
	JLS	ok
	MOVQ	$-1, r1+40(FP)
	NEGQ	AX
	MOVQ	AX, errno+48(FP)
	RET
ok:
	MOVQ	AX, r1+40(FP)
	MOVQ	$0, errno+48(FP)
	RET
