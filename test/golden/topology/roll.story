5.8s * the pod template changes
5.8s restart s-2: RollingUpdate
5.9s wait RollingUpdate: waiting for s-2 before the next member is restarted
6.7s prepare s-2
6.8s note s-0 s-1 s-2
6.9s join s-2 to s-0
7.1s wait RollingUpdate: waiting for s-2 before the next member is restarted
8.5s describe s-2 replica readable joined
8.6s wait RollingUpdate: waiting for s-2 before the next member is restarted
8.8s restart s-1: RollingUpdate
8.9s wait RollingUpdate: waiting for s-1 before the next member is restarted
9.5s prepare s-1
9.6s note s-0 s-2 s-1
9.7s join s-1 to s-0
9.9s wait RollingUpdate: waiting for s-1 before the next member is restarted
11.5s describe s-1 replica readable joined
11.6s wait RollingUpdate: waiting for s-1 before the next member is restarted
11.8s intent Move epoch 2 s-1 from s-0 (RollingUpdate)
11.9s hand over s-0 to s-1
12.6s establish s-1 epoch 2 n 3 w 1 replicas s-0+s-2
13.1s mark epoch 2 n 3 w 1: NewEpoch
13.2s label off s-0 on s-1
13.4s clear Move epoch 2 s-1 from s-0 (RollingUpdate): Moved
13.5s describe s-0 replica readable
13.6s restart s-0: RollingUpdate
13.9s note s-2 s-1 s-0
14.2s prepare s-0
14.3s join s-0 to s-1
15.7s describe s-0 replica readable joined
no acknowledged write is lost
