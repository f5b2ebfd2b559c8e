// The least limit on addresses in MB with which Go starts. It takes larger tables if the limit is at
// least LARGE_FROM_MB, and starts with these from LARGE_MB on.
#define SMALL_MB 832
#define LARGE_FROM_MB 1100
#define LARGE_MB 1312

#define RLIMIT_AS 9

// The refusal, eight bytes at a time.
DATA refusal<>+0(SB)/8, $"nst: err"
DATA refusal<>+8(SB)/8, $"or: Go, "
DATA refusal<>+16(SB)/8, $"in which"
DATA refusal<>+24(SB)/8, $" nst is "
DATA refusal<>+32(SB)/8, $"written,"
DATA refusal<>+40(SB)/8, $" does no"
DATA refusal<>+48(SB)/8, $"t start "
DATA refusal<>+56(SB)/8, $"within t"
DATA refusal<>+64(SB)/8, $"his limi"
DATA refusal<>+72(SB)/8, $"t on add"
DATA refusal<>+80(SB)/8, $"resses ("
DATA refusal<>+88(SB)/8, $"ulimit -"
DATA refusal<>+96(SB)/8, $"v)\nnst: "
DATA refusal<>+104(SB)/8, $"hint: se"
DATA refusal<>+112(SB)/8, $"t the li"
DATA refusal<>+120(SB)/8, $"mit to 1"
DATA refusal<>+128(SB)/8, $"000000 o"
DATA refusal<>+136(SB)/8, $"r at lea"
DATA refusal<>+144(SB)/8, $"st 14000"
DATA refusal<>+152(SB)/8, $"00, or l"
DATA refusal<>+160(SB)/8, $"imit mem"
DATA refusal<>+168(SB)/8, $"ory by a"
DATA refusal<>+176(SB)/8, $" control"
DATA refusal<>+184(SB)/8, $" group, "
DATA refusal<>+192(SB)/8, $"which do"
DATA refusal<>+200(SB)/8, $"es not c"
DATA refusal<>+208(SB)/8, $"ount add"
DATA refusal<>+216(SB)/8, $"resses\n\x00"
GLOBL refusal<>(SB), RODATA, $224
#define REFUSAL_BYTES 223
