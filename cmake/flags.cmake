# Compiler and linker settings of every target of ours.
# Line tables are enough for stack traces and cost a third of the disk and link time of full debug information.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
add_library(postern_flags INTERFACE)
target_compile_options(postern_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Werror
  -D_GLIBCXX_ASSERTIONS -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Designated initialisers that leave members at their defaults are the house's way to name arguments.
  target_compile_options(postern_flags INTERFACE -Wimplicit-fallthrough -Wno-missing-designated-field-initializers
    -ffile-compilation-dir=.)
  target_link_options(postern_flags INTERFACE -fuse-ld=lld)
else()
  target_compile_options(postern_flags INTERFACE -Wno-missing-field-initializers)
endif()
if(POSTERN_SANITIZE)
  target_compile_options(postern_flags INTERFACE -fsanitize=${POSTERN_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(postern_flags INTERFACE -fsanitize=${POSTERN_SANITIZE})
endif()
if(POSTERN_FUZZ)
  target_compile_options(postern_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(POSTERN_HARDEN)
  target_compile_options(postern_flags INTERFACE -D_FORTIFY_SOURCE=3 -fstack-protector-strong
    -fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=zero -fPIE)
  target_link_options(postern_flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
if(POSTERN_LTO)
  target_compile_options(postern_flags INTERFACE -flto=thin)
  target_link_options(postern_flags INTERFACE -flto=thin -Wl,--thinlto-cache-dir=${PROJECT_BINARY_DIR}/thinlto)
endif()
if(POSTERN_STATIC)
  target_link_options(postern_flags INTERFACE -static-libstdc++ -static-libgcc)
endif()
