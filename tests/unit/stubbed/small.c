/* SPDX-License-Identifier: Apache-2.0 */
/* So small that all of its code lies in one page; with a constructor or a destructor if asked. */
int small_answer(void);
int small_state = 1;

int
small_answer(void)
{
	return small_state;
}

#ifdef WITH_CONSTRUCTOR
__attribute__((constructor)) static void
begin(void)
{
	small_state = 2;
}
#endif

#ifdef WITH_DESTRUCTOR
__attribute__((destructor)) static void
end(void)
{
	small_state = 3;
}
#endif

#ifdef WITH_UNIQUE
__asm__(".pushsection .data\n"
	".globl small_unique\n"
	".type small_unique, %gnu_unique_object\n"
	".size small_unique, 4\n"
	"small_unique: .long 1\n"
	".popsection\n");
#endif
