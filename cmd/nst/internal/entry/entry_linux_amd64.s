#include "textflag.h"
#include "entry.h"

// nst_entry is where the system starts the program. No register holds anything yet, and the stack
// has the arguments.
TEXT nst_entry(SB), NOSPLIT|NOFRAME, $0
	SUBQ $32, SP
	MOVQ $97, AX         // getrlimit
	MOVQ $RLIMIT_AS, DI
	MOVQ SP, SI
	SYSCALL
	MOVQ 0(SP), BX       // the soft limit, bytes
	ADDQ $32, SP
	TESTQ AX, AX
	JNE  begin           // unknown
	SHRQ $20, BX
	CMPQ BX, $SMALL_MB
	JCS  refuse
	CMPQ BX, $LARGE_FROM_MB
	JCS  begin
	CMPQ BX, $LARGE_MB
	JCS  refuse

begin:
	JMP _rt0_amd64_linux(SB)

refuse:
	MOVQ $1, AX          // write
	MOVQ $2, DI
	LEAQ refusal<>(SB), SI
	MOVQ $REFUSAL_BYTES, DX
	SYSCALL
	MOVQ $231, AX        // exit_group
	MOVQ $1, DI
	SYSCALL
	INT  $3
