// SPDX-License-Identifier: MIT
#include "launcher/explain.h"

#include <elf.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "launcher/closure.h"
#include "launcher/json.h"
#include "launcher/messages.h"
#include "launcher/preload_path.h"
#include "launcher/preload_twin.h"
#include "launcher/program.h"
#include "launcher/symbols.h"

namespace atomrt::launcher {
namespace {

constexpr int MOST_USERS = 64;

// Something of the program that refers to AIO functions, or has its own.
struct User {
  Path file;
  SymbolUse use;
};
User users[MOST_USERS];

struct Explanation {
  Path program;
  Subject subject{};
  bool is_reached = false;     // a preload reaches the program itself
  bool is_listed = false;      // its libraries are known
  bool loads_modules = false;  // more may come while it runs
  bool is_linked = false;      // it is linked with atomrt
  AioFunctions imported = 0;
  AioFunctions own = 0;  // functions that neither libc nor atomrt has
  int users = 0;
  int missing = 0;  // libraries
};

std::string_view base_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : std::string_view(path.data() + slash + 1, path.size() - slash - 1);
}

// Where glibc keeps the functions; libpthread refers to nothing of them.
bool is_of_glibc(std::string_view file) {
  const std::string_view name = base_name(file);
  return name == "libc.so.6" || name == "librt.so.1";
}

void look_at(const Path& file, Explanation& result) {
  SymbolUse use;
  if (is_of_glibc(file.view()) || !read_symbol_use(file.c_str(), use)) return;
  result.is_linked |= use.has_version;
  if (use.has_version) return;
  result.loads_modules |= use.loads_modules;
  if ((use.imported | use.defined) == 0) return;
  result.imported |= use.imported;
  result.own |= use.defined;
  if (result.users < MOST_USERS) users[result.users++] = {file, use};
}

void look_at_libraries(Explanation& result) {
  Closure closure(result.subject.file.c_str(), result.subject.abi);
  for (Library library; closure.next(library);) {
    if (library.file.is_empty()) {
      ++result.missing;
    } else {
      look_at(library.file, result);
    }
  }
  result.is_listed = closure.is_complete();
}

bool is_reached_by_preload(const Subject& subject) {
  Path preload;
  if (subject.reach == Reach::FULL) return true;
  return subject.reach == Reach::OTHER_WORD && find_preload(preload) && suit_preload(subject.abi, preload);
}

bool is_served(const Explanation& result) {
  return result.is_linked || (result.is_reached && (result.imported & ~result.own) != 0);
}

const char* kind_of(const Subject& subject) {
  switch (subject.kind) {
    case Image::DYNAMIC:
      return "dynamically linked, glibc";
    case Image::STATIC:
      return "statically linked";
    case Image::MUSL:
      return "dynamically linked, musl";
    case Image::UCLIBC:
      return "dynamically linked, uClibc";
    case Image::BIONIC:
      return "dynamically linked, Android's libc";
    case Image::UNKNOWN:
      return "unknown";
  }
  return "unknown";
}

int word_size(const Subject& subject) {
  return subject.abi.word_class == ELFCLASS64 ? 64 : subject.abi.word_class == ELFCLASS32 ? 32 : 0;
}

// In one sentence, the first that holds.
const char* verdict_of(const Explanation& result) {
  if (result.is_linked) return "yes: it is linked with atomrt";
  if (!result.is_reached) return "no: a preload cannot reach it";
  if (is_served(result)) return "yes: the functions above";
  if (result.own != 0) return "no: it has AIO functions of its own";
  if (result.missing > 0) return "unknown: libraries are missing";
  if (!result.is_listed) return "unknown: its libraries could not be listed";
  if (result.loads_modules) return "perhaps: it imports no AIO function, but it may load modules that do";
  return "no: it uses no POSIX AIO";
}

void print_functions(AioFunctions functions, const char* separator, void (*print)(std::string_view)) {
  bool is_first = true;
  for (std::size_t index = 0; index < AIO_FUNCTIONS.size(); ++index) {
    if ((functions >> index & 1) == 0) continue;
    if (!is_first) std::fputs(separator, stdout);
    print(AIO_FUNCTIONS[index]);
    is_first = false;
  }
}

void print_plain(std::string_view text) { std::printf("%.*s", static_cast<int>(text.size()), text.data()); }

void print_text(const Explanation& result) {
  const Subject& subject = result.subject;
  std::printf("program      %s\n", result.program.c_str());
  if (subject.file.view() != result.program.view()) std::printf("script of    %s\n", subject.file.c_str());
  std::printf("kind         %s", kind_of(subject));
  if (word_size(subject) != 0) std::printf(", %d bits", word_size(subject));
  std::printf("\n");
  if (subject.reach != Reach::FULL && !result.is_reached) std::printf("obstacle     it %s\n", subject.reason);
  for (int index = 0; index < result.users; ++index) {
    const User& user = users[index];
    const bool is_itself = user.file.view() == subject.file.view();
    if (user.use.imported != 0) {
      std::printf("uses AIO     %s: ", is_itself ? "itself" : user.file.c_str());
      print_functions(user.use.imported, " ", print_plain);
      std::printf("\n");
    }
    if (user.use.defined != 0) {
      std::printf("has AIO      %s: ", is_itself ? "itself" : user.file.c_str());
      print_functions(user.use.defined, " ", print_plain);
      std::printf("\n");
    }
  }
  if (result.users == 0) std::printf("uses AIO     none found\n");
  if (result.missing > 0) std::printf("missing      %d libraries\n", result.missing);
  if (result.loads_modules) std::printf("modules      may be loaded while it runs (dlopen, dlsym)\n");
  std::printf("served       %s\n", verdict_of(result));
}

void print_json_functions(const char* name, AioFunctions functions) {
  std::printf("\"%s\": [", name);
  print_functions(functions, ", ", print_json_string);
  std::printf("]");
}

void print_json_flag(const char* name, bool value) { std::printf(",\n  \"%s\": %s", name, value ? "true" : "false"); }

void print_json(const Explanation& result) {
  const Subject& subject = result.subject;
  std::printf("{\n  \"program\": ");
  print_json_string(result.program.view());
  std::printf(",\n  \"file\": ");
  print_json_string(subject.file.view());
  print_json_flag("is_script", subject.file.view() != result.program.view());
  std::printf(",\n  \"kind\": ");
  print_json_string(kind_of(subject));
  std::printf(",\n  \"word_size\": %d", word_size(subject));
  std::printf(",\n  \"obstacle\": ");
  if (result.is_reached) {
    std::printf("null");
  } else {
    print_json_string(subject.reason);
  }
  std::printf(",\n  \"objects\": [");
  for (int index = 0; index < result.users; ++index) {
    std::printf(index == 0 ? "\n    {\"file\": " : ",\n    {\"file\": ");
    print_json_string(users[index].file.view());
    std::printf(", ");
    print_json_functions("uses", users[index].use.imported);
    std::printf(", ");
    print_json_functions("has", users[index].use.defined);
    std::printf("}");
  }
  std::printf("],\n  \"missing_libraries\": %d", result.missing);
  print_json_flag("is_linked_with_atomrt", result.is_linked);
  print_json_flag("libraries_are_known", result.is_listed);
  print_json_flag("loads_modules", result.loads_modules);
  print_json_flag("is_served", is_served(result));
  std::printf(",\n  \"verdict\": ");
  print_json_string(verdict_of(result));
  std::printf("\n}\n");
}

}  // namespace

int explain(const char* program, bool is_json) {
  static Explanation result;
  if (!find_program(program, result.program) || access(result.program.c_str(), F_OK) != 0) {
    fail("%s: %s", program, std::strerror(ENOENT));
    return NOT_FOUND;
  }
  result.subject = inspect_program(result.program);
  if (access(result.subject.file.c_str(), F_OK) != 0) {
    fail("%s: its interpreter %s: %s", program, result.subject.file.c_str(), std::strerror(ENOENT));
    return NOT_FOUND;
  }
  result.is_reached = is_reached_by_preload(result.subject);
  look_at(result.subject.file, result);
  if (result.subject.kind == Image::DYNAMIC) look_at_libraries(result);
  if (is_json) {
    print_json(result);
  } else {
    print_text(result);
  }
  return is_served(result) ? 0 : 1;
}

}  // namespace atomrt::launcher
