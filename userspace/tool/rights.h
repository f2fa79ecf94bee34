/* SPDX-License-Identifier: GPL-2.0 */
/* What all levels of a walk together allow, for people */
#ifndef TOOL_RIGHTS_H
#define TOOL_RIGHTS_H

#define RIGHTS_LEN	40

const char *rights_words(char *buf, unsigned int rights);
const char *rights_letters(char *buf, unsigned int rights);

#endif /* TOOL_RIGHTS_H */
