# The page asks one thing of the network: the logo of the tool that made it. Here is its name instead.
s|https://cdn.redoc.ly/redoc/logo-mini[a-z-]*.svg|data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='52' height='14'%3E%3Ctext y='11' font-family='sans-serif' font-size='12'%3ERedocly%3C/text%3E%3C/svg%3E|g
